//! Approves a plan: signs that it may be carried out, once, and gives that to its hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use plimsoll_api::{ApprovalQuery, ApprovalWork, Look};
use plimsoll_build::Wanted;
use plimsoll_connect::KeyFile;
use plimsoll_engine::Fleet;
use plimsoll_model::approval::{Approval, ApprovalRule, Approver, NAMESPACE};
use plimsoll_model::manifest;
use plimsoll_model::plan::Plan;
use plimsoll_model::time::Moment;
use plimsoll_model::{EnvironmentKey, EnvironmentName, PlanHash, Policy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::project::Loaded;
use crate::proposal::{CutOff, to_deploy};
use crate::{Approve, Context, Event, Exit, OpError, PlanView, Progress, approvals, hosts, project};

/// Which plan, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The plan.
    pub plan: PlanHash,
    /// Where it is for; without it, every environment that wants approvals is looked through.
    pub environment: Option<EnvironmentName>,
    /// For how long it is good, in milliseconds.
    pub for_ms: u64,
    /// Files of SSH keys: the first one that can approve signs.
    pub keys: Vec<PathBuf>,
}

/// What was approved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The plan.
    pub plan: PlanHash,
    /// Who approved it.
    pub by: Approver,
    /// Until when that is good.
    pub until: Moment,
}

/// Shows the plan, waits for a yes, signs, and tells every host of the environment.
///
/// # Errors
/// Nobody knows the plan, it needs no approval, none of the keys can give it, the person does not say yes, or a host refuses.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let Found { loaded, fleet, plan } = find(context, &input, progress).await?;
    let key = loaded.key();
    let home = fleet.home().observe(Look::at(key.clone())).await?;
    let policy = Policy::in_force(home.policy.as_ref(), plan.desired.policy.as_ref());
    let rule = policy.approval.ok_or_else(|| OpError::new(Exit::Refused, "no-approval-needed", format!("plans for {key} need no approval")))?;
    let (file, by) = signer(&rule, &input.keys).await?;
    let seen = BTreeMap::from([(fleet.home.clone(), home)]);
    let view = PlanView { approval: Some(rule), ..PlanView::of(&plan, &seen) };
    drop(progress.send(Event::Planned { hash: view.hash, plan: Box::new(plan), estimates: view.estimates.clone() }));
    if !approve.approve(&view).await {
        let error = OpError::new(Exit::Refused, "approval-unconfirmed", "nobody said yes to this plan");
        return Err(error.with_help("approve it at a terminal, or say yes beforehand with --yes"));
    }
    let approval = Approval { key, plan: view.hash, by, until: hosts::now().plus(input.for_ms), nonce: nonce()?, signature: String::new() };
    let signature = file.sign(NAMESPACE, &approval.statement()).await.map_err(|error| unsigned(&error.to_string()))?;
    let approval = Approval { signature, ..approval };
    give(context, &fleet, &approval).await?;
    Ok(Output { key: approval.key, plan: approval.plan, by: approval.by, until: approval.until })
}

struct Found {
    loaded: Loaded,
    fleet: Fleet,
    plan: Plan,
}

/// The plan of this hash: one that waits on a home host, or else the one that a deployment would carry out now.
async fn find(context: &Context, input: &Input, progress: &Progress) -> Result<Found, OpError> {
    let environments = match &input.environment {
        Some(environment) => BTreeSet::from([environment.clone()]),
        None => wanting(context)?,
    };
    let mut grounds = Vec::new();
    for environment in environments {
        let loaded = project::load(context, &environment)?;
        let fleet = hosts::connect(context, &loaded.project).await?;
        let waiting = approvals::list(context, &fleet, &loaded.key()).await?;
        if let Some(asked) = waiting.into_iter().find(|asked| asked.plan.hash() == input.plan) {
            return Ok(Found { loaded, fleet, plan: asked.plan });
        }
        grounds.push((loaded, fleet));
    }
    for (loaded, fleet) in grounds {
        let (_, proposal) = to_deploy(context, &loaded, &Wanted::default(), CutOff::Leave, progress).await?;
        if proposal.plan.hash() == input.plan {
            return Ok(Found { loaded, fleet, plan: proposal.plan });
        }
    }
    let error = OpError::new(Exit::Refused, "plan-unknown", format!("no plan {} waits for an approval", input.plan));
    Err(error
        .with_help("the world may have moved since it was made: let whoever wants to carry it out try once more, and approve the hash that is told"))
}

/// The environments whose manifest wants approvals.
fn wanting(context: &Context) -> Result<BTreeSet<EnvironmentName>, OpError> {
    let names = manifest::environments(&project::read(context)?);
    let mut wanting = BTreeSet::new();
    for name in names {
        if project::load(context, &name)?.project.environment.policy.approval.is_some() {
            wanting.insert(name);
        }
    }
    Ok(wanting)
}

/// The first of these keys whose owner can approve.
async fn signer(rule: &ApprovalRule, files: &[PathBuf]) -> Result<(KeyFile, Approver), OpError> {
    for path in files {
        let file = KeyFile { path: path.clone() };
        let Ok(public) = file.public().await else { continue };
        let known = Approver::new(&public).ok().and_then(|own| rule.by.iter().find(|approver| approver.key() == own.key()).cloned());
        if let Some(by) = known {
            return Ok((file, by));
        }
    }
    let by: Vec<String> = rule.by.iter().map(ToString::to_string).collect();
    let error = OpError::new(Exit::Refused, "not-an-approver", format!("none of your keys can approve it; who can: {}", by.join(", ")));
    Err(error.with_help("name the file of such a key: --key ~/.ssh/id_ed25519"))
}

fn unsigned(why: &str) -> OpError {
    OpError::new(Exit::Refused, "approval-unsigned", format!("the plan was not signed: {why}"))
        .with_help("see that ssh-keygen can use the key, then try again")
}

/// Tells every host: each one judges for itself.
async fn give(context: &Context, fleet: &Fleet, approval: &Approval) -> Result<(), OpError> {
    let query =
        ApprovalQuery { key: approval.key.clone(), work: ApprovalWork::Give { approval: Box::new(approval.clone()) }, by: context.holder.clone() };
    let given = fleet.all(|_, host| host.approvals(query.clone())).await;
    for answer in given.into_values() {
        answer?;
    }
    Ok(())
}

/// 128 bits at random, in hexadecimal.
fn nonce() -> Result<String, OpError> {
    let mut bytes = [0; 16];
    let failed = |error: &dyn std::fmt::Display| OpError::new(Exit::Host, "system", format!("the system gives no random numbers: {error}"));
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty()).map_err(|error| failed(&error))?;
    if filled < bytes.len() {
        return Err(failed(&"too few"));
    }
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
