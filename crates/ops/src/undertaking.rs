//! Carrying out a plan: what `deploy`, `rollback` and `down` have in common.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Instant;

use plimsoll_api::{Certificates, SecretValues};
use plimsoll_engine::{Conduct, Ended, Fleet, Note, Shipment};
use plimsoll_model::agents::Agents;
use plimsoll_model::deployment::{ComponentChange, Failure, Outcome};
use plimsoll_model::finding::Severity;
use plimsoll_model::plan::Plan;
use plimsoll_model::{ComponentName, PlanHash};
use tokio::sync::mpsc;

use crate::on_record::{self, Undone};
use crate::outside::Surroundings;
use crate::proposal::Proposal;
use crate::run_log;
use crate::workbench::{Workbench, until_cancelled};
use crate::{Approve, ComponentView, DeploymentView, Event, Exit, OpError, PlanView, agents};

/// A plan that was told, and is about to be carried out.
pub(crate) struct Undertaking<'a> {
    bench: &'a Workbench<'a>,
    fleet: &'a Fleet,
    plan: &'a Plan,
    view: PlanView,
    agents: Agents,
    begun: Instant,
    /// It was named by its hash: whoever did that has seen it.
    seen_before: bool,
    reason: Option<String>,
}

/// What the caller said of the plan and of itself.
pub(crate) struct Mandate {
    /// Only this plan.
    pub(crate) expect_plan: Option<PlanHash>,
    /// Why.
    pub(crate) reason: Option<String>,
    /// When the caller began to wait.
    pub(crate) begun: Instant,
}

impl<'a> Undertaking<'a> {
    /// Tells the plan, and refuses it when it is not the one that was seen before.
    pub(crate) async fn announce(bench: &'a Workbench<'a>, fleet: &'a Fleet, proposal: &'a Proposal, mandate: Mandate) -> Result<Self, OpError> {
        let (view, plan) = (proposal.view(), &proposal.plan);
        let told = Event::Planned { hash: view.hash, plan: Box::new(plan.clone()), estimates: view.estimates.clone() };
        drop(bench.progress.send(told));
        match mandate.expect_plan {
            Some(expected) if expected != view.hash => {
                let what = Undone::of(plan, expected, mandate.reason.as_deref());
                Err(on_record::refused(bench.context, fleet, what, stale(&expected, &view)).await)
            }
            expected => {
                let (agents, seen_before) = (proposal.agents, expected.is_some());
                Ok(Self { bench, fleet, plan, view, agents, begun: mandate.begun, seen_before, reason: mandate.reason })
            }
        }
    }

    /// Carries out a plan for which nothing is to be built.
    pub(crate) async fn finish(&self, approve: &dyn Approve) -> Result<DeploymentView, OpError> {
        if let Some(deployment) = self.unchanged() {
            return Ok(deployment);
        }
        self.ask(approve).await?;
        self.carry_out(&BTreeMap::new(), SecretValues::default(), Certificates::default()).await
    }

    /// The end of a plan that has nothing to do.
    pub(crate) fn unchanged(&self) -> Option<DeploymentView> {
        let ended = Ended { id: None, outcome: Outcome::Unchanged, failure: None, leftovers: Vec::new(), stuck: None };
        self.plan.is_empty().then(|| self.ended(&ended))
    }

    /// What lies outside of the hosts.
    pub(crate) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { bench: self.bench, plan: self.plan, reason: self.reason.as_deref() }
    }

    /// Refuses what would hurt, where the environment wants that.
    pub(crate) async fn judge(&self) -> Result<(), OpError> {
        let hurts = self.view.findings.iter().any(|finding| finding.severity != Severity::Note);
        if !hurts || !self.bench.project.environment.safe_migrations {
            return Ok(());
        }
        Err(self.refused(unsafe_migrations(&self.view)).await)
    }

    /// Waits for a yes, where the environment wants one.
    pub(crate) async fn ask(&self, approve: &dyn Approve) -> Result<(), OpError> {
        if approve.must_have_seen() && !self.seen_before {
            return Err(unseen(&self.view));
        }
        if let Err(error) = agents::judge(self.bench.context, self.agents, Agents::Deploy, &self.plan.key) {
            return Err(self.refused(error).await);
        }
        if self.seen_before {
            return Ok(());
        }
        if !self.bench.project.environment.confirm {
            return Ok(());
        }
        let approved = until_cancelled(self.bench.context, async { Ok(approve.approve(&self.view).await) }).await?;
        if approved {
            return Ok(());
        }
        Err(self.refused(unapproved(&self.view)).await)
    }

    /// The error, put on record.
    async fn refused(&self, error: OpError) -> OpError {
        let what = Undone::of(self.plan, self.view.hash, self.reason.as_deref());
        on_record::refused(self.bench.context, self.fleet, what, error).await
    }

    /// Carries it out to its end.
    pub(crate) async fn carry_out(
        &self,
        shipments: &BTreeMap<ComponentName, Shipment>,
        secrets: SecretValues,
        certificates: Certificates,
    ) -> Result<DeploymentView, OpError> {
        let ended = self.conduct(shipments, secrets, certificates).await?;
        run_log::keep(self.bench, self.fleet, &self.plan.key, &ended).await;
        let deployment = self.ended(&ended);
        match ended.outcome {
            Outcome::Committed | Outcome::Unchanged => Ok(deployment),
            Outcome::RolledBack => Err(rolled_back(ended, &deployment)),
            Outcome::Undecided => Err(undecided(ended, &deployment)),
        }
    }

    async fn conduct(
        &self,
        shipments: &BTreeMap<ComponentName, Shipment>,
        secrets: SecretValues,
        certificates: Certificates,
    ) -> Result<Ended, OpError> {
        let (notes, mut told) = mpsc::unbounded_channel::<Note>();
        let outside = self.surroundings();
        let run = async {
            let conduct = Conduct {
                fleet: self.fleet,
                plan: self.plan,
                shipments,
                components: changes(self.plan),
                holder: self.bench.context.holder.clone(),
                reason: self.reason.clone(),
                secrets,
                certificates,
                outside: &outside,
                notes,
                cancel: self.bench.context.cancel.clone(),
            };
            plimsoll_engine::run(&conduct).await
        };
        let pass_on = async {
            while let Some(note) = told.recv().await {
                drop(self.bench.progress.send(Event::Deployment(note)));
            }
        };
        let (ended, ()) = tokio::join!(run, pass_on);
        Ok(ended?)
    }

    fn ended(&self, ended: &Ended) -> DeploymentView {
        DeploymentView {
            id: ended.id.clone(),
            outcome: ended.outcome,
            duration_ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            plan: self.view.hash,
            intent: self.plan.intent.clone(),
            key: self.plan.key.clone(),
            commit: self.plan.source.commit.clone(),
            version: self.plan.source.version.clone(),
            dirty: self.plan.source.dirty,
            components: ComponentView::all(self.plan),
            leftovers: ended.leftovers.clone(),
            failure: ended.failure.clone(),
        }
    }
}

/// What the record says that the plan changes.
fn changes(plan: &Plan) -> Vec<ComponentChange> {
    let release = |name: &ComponentName| plan.desired.components.get(name).map(|wanted| wanted.release);
    plan.changes().into_iter().map(|(name, change)| ComponentChange { change, release: release(&name), name }).collect()
}

fn stale(expected: &PlanHash, view: &PlanView) -> OpError {
    let message = format!("plan {} is stale: what was to be done, or the hosts, have changed since it was made", expected.short());
    let help = format!("look at the new plan, and give its hash: --plan {}", view.hash);
    OpError { details: details("plan", view), ..OpError::new(Exit::Refused, "plan-stale", message).with_help(help) }
}

fn unsafe_migrations(view: &PlanView) -> OpError {
    let message = format!("environment {} refuses migrations that could hurt, and this plan has some", view.key.environment);
    let help = "write them the safe way, or accept each in its file with a reason: docs/migrations.md tells both; those of a tool of your own nobody \
                can judge here, so they need `safe_migrations = false`";
    OpError { findings: view.findings.clone(), ..OpError::new(Exit::Refused, "migrations-unsafe", message).with_help(help) }
}

/// Nothing was tried: whoever asks so wants to see the plan.
fn unseen(view: &PlanView) -> OpError {
    let message = format!("nothing was done: this is what would become of {}", view.key);
    let help = format!("to carry out just this plan, give its hash: {}", view.hash);
    OpError { details: details("plan", view), ..OpError::new(Exit::Refused, "plan-unseen", message).with_help(help) }
}

fn unapproved(view: &PlanView) -> OpError {
    let message = format!("environment {} wants a yes to the plan, and there was none", view.key.environment);
    let help = format!("say it beforehand with --yes, or for just this plan with --plan {}", view.hash);
    OpError { details: details("plan", view), ..OpError::new(Exit::Refused, "approval-missing", message).with_help(help) }
}

fn rolled_back(ended: Ended, deployment: &DeploymentView) -> OpError {
    let failure = ended.failure.unwrap_or_else(|| Failure::new("rolled-back", "the deployment was rolled back"));
    OpError { details: details("deployment", deployment), ..OpError::from_failure(Exit::Failed, failure) }
}

/// Neither live nor undone: a host did not finish, or cannot be reached.
fn undecided(ended: Ended, deployment: &DeploymentView) -> OpError {
    let stuck = ended.stuck.unwrap_or_else(|| Failure::new("undecided", "it is not known how the deployment ended"));
    let message = match &ended.failure {
        Some(failure) => format!("{}; and it could not be rolled back: {}", failure.message, stuck.message),
        None => stuck.message.clone(),
    };
    let help = format!("see to what stands in the way, then: plimsoll resume {}", deployment.key.environment);
    let error = OpError::from_failure(Exit::NeedsPerson, Failure { message, ..stuck }).with_help(help);
    OpError { details: details("deployment", deployment), ..error }
}

fn details(name: &str, value: &impl serde::Serialize) -> Option<serde_json::Value> {
    Some(serde_json::json!({ name: value }))
}
