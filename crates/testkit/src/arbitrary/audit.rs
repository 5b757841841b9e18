//! The audit log: deeds, rows, and questions about them.

use plimsoll_api::wire::{RenewCertificates, Stop, Upgrade};
use plimsoll_api::{AuditPage, AuditQuery};
use plimsoll_model::audit::{Action, Actor, Deed, Ending, Entry, Mark, Row};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use super::names::{amount, deployment, digest, key, moment, plan_hash, text};
use super::record::failure;

prop_compose! {
    /// Who did something.
    pub fn actor()([user, machine, surface] in prop::array::uniform3(text())) -> Actor {
        Actor { user, machine, surface }
    }
}

fn action() -> impl Strategy<Value = Action> {
    use Action::{AutomaticRollback, CertificateRenewal, Deploy, Down, HostKeys, HostStop, HostUpgrade, Prune, Resume, Rollback};
    prop::sample::select(vec![Deploy, Rollback, Down, AutomaticRollback, CertificateRenewal, Resume, HostKeys, HostStop, HostUpgrade, Prune])
}

fn ending() -> impl Strategy<Value = Ending> {
    prop::sample::select(vec![Ending::Begun, Ending::Committed, Ending::RolledBack, Ending::Refused, Ending::Done])
}

prop_compose! {
    /// Places in a chain.
    pub fn mark()(seq in amount(), hash in digest()) -> Mark {
        Mark { seq, hash }
    }
}

prop_compose! {
    /// What was done or refused.
    pub fn deed()(
        (actor, action, outcome) in (actor(), action(), ending()),
        (environment, deployment, plan) in (of(key()), of(deployment()), of(plan_hash())),
        (reason, began_at, failure, note, pruned) in (of(text()), of(moment()), of(failure()), of(text()), of(mark())),
    ) -> Deed {
        Deed { actor, action, outcome, environment, deployment, plan, reason, began_at, failure, note, pruned }
    }
}

prop_compose! {
    /// Deeds with their time.
    pub fn entry()(at in moment(), deed in deed()) -> Entry {
        Entry { at, deed }
    }
}

prop_compose! {
    /// Rows, that belong to no chain.
    pub fn row()(from in mark(), seq in amount(), entry in entry()) -> Row {
        Mark { seq: seq.min(u64::MAX - 1), ..from }.next(&entry)
    }
}

prop_compose! {
    /// Questions about the log.
    pub fn query()(key in of(key()), since in of(moment()), after in of(amount()), limit in any::<u32>()) -> AuditQuery {
        AuditQuery { key, since, after, limit }
    }
}

prop_compose! {
    /// Answers to them.
    pub fn page()(anchor in mark(), head in mark(), rows in vec(row(), 0..3)) -> AuditPage {
        AuditPage { anchor, head, rows }
    }
}

prop_compose! {
    /// Requests to end a daemon.
    pub fn stop()(everything in any::<bool>(), by in of(actor())) -> Stop {
        Stop { everything, by }
    }
}

prop_compose! {
    /// Requests to renew certificates.
    pub fn renew_certificates()(key in key(), force in any::<bool>(), by in actor()) -> RenewCertificates {
        RenewCertificates { key, force, by }
    }
}

prop_compose! {
    /// Requests to upgrade a host.
    pub fn upgrade()(by in actor()) -> Upgrade {
        Upgrade { by }
    }
}
