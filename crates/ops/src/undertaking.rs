//! Carrying out a plan: what `deploy`, `rollback` and `down` have in common.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Instant;

use plimsoll_api::{ApprovalQuery, ApprovalWork, Certificates, SecretValues};
use plimsoll_engine::{Conduct, Ended, Fleet, Note, Shipment};
use plimsoll_model::agents::Agents;
use plimsoll_model::approval;
use plimsoll_model::deployment::{ComponentChange, DeploymentRecord, Failure, Outcome};
use plimsoll_model::finding::Severity;
use plimsoll_model::plan::Plan;
use plimsoll_model::{ComponentName, PlanHash, Policy};
use tokio::sync::mpsc;

use crate::on_record::{self, Undone};
use crate::outside::Surroundings;
use crate::proposal::Proposal;
use crate::run_log;
use crate::workbench::{Workbench, until_cancelled};
use crate::{Approve, ComponentView, Context, DeploymentView, Event, Exit, OpError, PlanView, agents};

/// How far back an earlier call of the same name is looked for.
const CALLS: u32 = 100;

/// A plan that was told, and is about to be carried out.
pub(crate) struct Undertaking<'a> {
    bench: &'a Workbench<'a>,
    fleet: &'a Fleet,
    plan: &'a Plan,
    view: PlanView,
    policy: Policy,
    begun: Instant,
    /// It was named by its hash: whoever did that has seen it.
    seen_before: bool,
    /// The deployment of an earlier call of the same name.
    repeated: Option<Box<DeploymentRecord>>,
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
        let repeated = repeated(bench.context, fleet, &mandate, plan).await?;
        let told = Event::Planned { hash: view.hash, plan: Box::new(plan.clone()), estimates: view.estimates.clone() };
        drop(bench.progress.send(told));
        match mandate.expect_plan {
            // An earlier call of the same name has moved the world.
            Some(expected) if expected != view.hash && repeated.is_none() => {
                let what = Undone::of(plan, expected, mandate.reason.as_deref());
                Err(on_record::refused(bench.context, fleet, what, stale(&expected, &view)).await)
            }
            expected => {
                let (policy, seen_before) = (proposal.policy.clone(), expected.is_some());
                Ok(Self { bench, fleet, plan, view, policy, begun: mandate.begun, seen_before, repeated, reason: mandate.reason })
            }
        }
    }

    /// Carries out a plan for which nothing is to be built.
    pub(crate) async fn finish(&self, approve: &dyn Approve) -> Result<DeploymentView, OpError> {
        if let Some(ended) = self.ended_before() {
            return ended;
        }
        self.ask(approve).await?;
        self.carry_out(&BTreeMap::new(), SecretValues::default(), Certificates::default()).await
    }

    /// How it ended that has nothing to do, or was done by an earlier call of the same name.
    pub(crate) fn ended_before(&self) -> Option<Result<DeploymentView, OpError>> {
        if let Some(record) = &self.repeated {
            let deployment = self.of_record(record);
            let ended =
                Ended { id: Some(record.id.clone()), outcome: record.outcome(), failure: record.failure.clone(), leftovers: Vec::new(), stuck: None };
            return Some(if ended.outcome == Outcome::Committed { Ok(deployment) } else { Err(rolled_back(ended, &deployment)) });
        }
        let ended = Ended { id: None, outcome: Outcome::Unchanged, failure: None, leftovers: Vec::new(), stuck: None };
        self.plan.is_empty().then(|| Ok(self.ended(&ended)))
    }

    /// Whether an earlier call of the same name has done it.
    pub(crate) fn is_repeated(&self) -> bool {
        self.repeated.is_some()
    }

    /// A deployment of before. Of its components, the ones that it changed.
    fn of_record(&self, record: &DeploymentRecord) -> DeploymentView {
        let components = record.components.iter();
        let components =
            components.map(|changed| ComponentView { name: changed.name.clone(), change: changed.change, release: changed.release, url: None });
        DeploymentView {
            id: Some(record.id.clone()),
            outcome: record.outcome(),
            duration_ms: record.duration_ms(),
            plan: record.plan,
            intent: record.intent.clone(),
            key: record.key.clone(),
            commit: record.source.commit.clone(),
            version: record.source.version.clone(),
            dirty: record.source.dirty,
            components: components.collect(),
            leftovers: record.leftovers.clone(),
            failure: record.failure.clone(),
        }
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
        if let Err(error) = agents::judge(self.bench.context, self.policy.agents, Agents::Deploy, &self.plan.key) {
            return Err(self.refused(error).await);
        }
        let is_approved = self.is_approved().await?;
        if is_approved || self.seen_before || !self.bench.project.environment.confirm {
            return Ok(());
        }
        let approved = until_cancelled(self.bench.context, async { Ok(approve.approve(&self.view).await) }).await?;
        if approved {
            return Ok(());
        }
        Err(self.refused(unapproved(&self.view)).await)
    }

    /// Whether one who can has approved the plan; refused where somebody has to, and nobody has.
    async fn is_approved(&self) -> Result<bool, OpError> {
        let holder = &self.bench.context.holder;
        let Some(rule) = self.policy.approval.as_ref().filter(|rule| rule.holds(&holder.surface)) else { return Ok(false) };
        let work = ApprovalWork::Ask { plan: Box::new(self.plan.clone()), reason: self.reason.clone() };
        let asked = self.fleet.home().approvals(ApprovalQuery { key: self.plan.key.clone(), work, by: holder.clone() }).await?;
        if asked.iter().any(|asked| asked.approval.is_some()) {
            return Ok(true);
        }
        let error = OpError::from_failure(Exit::Refused, approval::missing(&self.plan.key, self.view.hash, rule));
        Err(self.refused(error).await)
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
                idempotency_key: self.bench.context.idempotency_key.clone(),
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

/// The deployment of an earlier call of the same name, when that is over. One that goes on holds its lease, which is told then.
async fn repeated(context: &Context, fleet: &Fleet, mandate: &Mandate, plan: &Plan) -> Result<Option<Box<DeploymentRecord>>, OpError> {
    let Some(name) = &context.idempotency_key else { return Ok(None) };
    let history = fleet.home().history(&plan.key, CALLS).await?;
    let earlier = history.into_iter().find(|record| record.idempotency_key.as_ref() == Some(name) && record.outcome() != Outcome::Undecided);
    let Some(record) = earlier else { return Ok(None) };
    let same_plan = mandate.expect_plan.is_none_or(|expected| expected == record.plan);
    if same_plan && record.intent == plan.intent { Ok(Some(Box::new(record))) } else { Err(name_taken(name, &record)) }
}

fn name_taken(name: &str, record: &DeploymentRecord) -> OpError {
    let message = format!("the call {name:?} was another one, and has led to deployment {}", record.id);
    OpError::new(Exit::Refused, "idempotency-key-reused", message).with_help("give each call that is to have an effect of its own a key of its own")
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
