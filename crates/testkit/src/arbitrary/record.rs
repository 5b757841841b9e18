//! Deployments on record: what happened, how far they are, who ran them.

use plimsoll_model::approval::Approval;
use plimsoll_model::deployment::{ComponentChange, DeploymentRecord, Event, Failure, Holder, Outcome, Stage};
use plimsoll_model::plan::{Change, Intent, Phase, StepRef};
use plimsoll_model::source::Source;
use proptest::option::of;
use proptest::prelude::*;

use super::names::{component, deployment, key, moment, plan_hash, release, text};
use super::plan::desired;
use crate::fixtures::approver::Signer;

prop_compose! {
    /// Failures, with help and output or without.
    pub fn failure()(code in "[a-z-]{1,12}", message in text(), help in of(text()), output in prop::collection::vec(text(), 0..3)) -> Failure {
        Failure { code, message, help, output }
    }
}

prop_compose! {
    /// Places of steps.
    pub fn step_ref()(level in prop_oneof![0..3_u32, any::<u32>()], phase in phase(), component in component(), index in 0..4_u32) -> StepRef {
        StepRef { level, phase, component, index }
    }
}

fn phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(vec![Phase::Prepare, Phase::Switch, Phase::Verify, Phase::Commit])
}

/// How deployments end.
pub fn outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![Outcome::Committed, Outcome::RolledBack, Outcome::Unchanged, Outcome::Undecided])
}

/// Journal records.
pub fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        step_ref().prop_map(|at| Event::Intended { at }),
        step_ref().prop_map(|at| Event::Done { at }),
        (step_ref(), failure()).prop_map(|(at, failure)| Event::Failed { at, failure }),
        Just(Event::Sealed),
        Just(Event::Decided),
        failure().prop_map(|failure| Event::RollingBack { failure }),
        step_ref().prop_map(|at| Event::Undoing { at }),
        step_ref().prop_map(|at| Event::Undone { at }),
        (step_ref(), failure()).prop_map(|(at, failure)| Event::UndoFailed { at, failure }),
        outcome().prop_map(|outcome| Event::Closed { outcome }),
    ]
}

/// How far deployments are.
pub fn stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        Just(Stage::Running),
        Just(Stage::Sealed),
        Just(Stage::Committing),
        failure().prop_map(|failure| Stage::RollingBack { failure }),
        outcome().prop_map(|outcome| Stage::Closed { outcome }),
    ]
}

prop_compose! {
    /// Holders of leases.
    pub fn holder()(user in text(), machine in text(), pid in any::<u32>(), surface in text()) -> Holder {
        Holder { user, machine, pid, surface }
    }
}

prop_compose! {
    /// What deployments are made from.
    pub fn source()(version in text(), commit in of(text()), branch in of(text()), tag in of(text()), dirty in any::<bool>()) -> Source {
        Source { version, commit, branch, tag, dirty }
    }
}

/// What plans are for.
pub fn intent() -> impl Strategy<Value = Intent> {
    prop_oneof![Just(Intent::Deploy), deployment().prop_map(|to| Intent::Rollback { to }), Just(Intent::Migrate), Just(Intent::Down)]
}

/// Why components get steps.
pub fn change() -> impl Strategy<Value = Change> {
    use Change::{Certificate, Configuration, Create, None, Release, Remove, Restart, Route};
    prop::sample::select(vec![Create, Release, Configuration, Route, Certificate, Restart, Remove, None])
}

prop_compose! {
    /// What a deployment changed of a component.
    pub fn component_change()(name in component(), change in change(), release in of(release())) -> ComponentChange {
        ComponentChange { name, change, release }
    }
}

prop_compose! {
    /// Deployments, as a ledger tells them.
    pub fn record()(
        (id, key, plan, intent, source, holder) in (deployment(), key(), plan_hash(), intent(), source(), holder()).boxed(),
        (reason, started_at, ended_at, stage, failure) in (of(text()), moment(), of(moment()), stage(), of(failure())).boxed(),
        idempotency_key in of(text()),
        approval in of(approval()).boxed(),
        components in prop::collection::vec(component_change(), 0..3),
        leftovers in prop::collection::vec(failure(), 0..2),
        desired in desired(),
    ) -> DeploymentRecord {
        DeploymentRecord {
            id,
            key,
            plan,
            intent,
            source,
            holder,
            reason,
            idempotency_key,
            approval: approval.map(Box::new),
            started_at,
            ended_at,
            stage,
            failure,
            components,
            leftovers,
            desired,
        }
    }
}

prop_compose! {
    /// Approvals, signed.
    pub fn approval()(key in key(), plan in plan_hash(), until in moment(), nonce in text(), seed in 0..9u8) -> Approval {
        let signer = Signer::of(seed);
        signer.sign(Approval { key, plan, by: signer.approver(), until, nonce, signature: String::new() })
    }
}
