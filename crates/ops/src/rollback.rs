//! Returns an environment to what an earlier deployment had made live.

use std::collections::BTreeSet;
use std::time::Instant;

use plimsoll_api::SecretValues;
use plimsoll_engine::Fleet;
use plimsoll_model::audit::Action;
use plimsoll_model::deployment::{DeploymentRecord, HistoryError, rollback_target, stable_before};
use plimsoll_model::plan::{Desired, Intent, Plan, StepKind};
use plimsoll_model::{BackupId, ComponentName, DeploymentId, EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::{self, Backups};
use crate::project::Loaded;
use crate::proposal::{Aim, CutOff, Proposal, make, terms};
use crate::restoring::{Restored, Restoring};
use crate::undertaking::{Mandate, Undertaking};
use crate::workbench::{Workbench, until_cancelled};
use crate::{Approve, BackupView, Context, DeploymentView, Exit, OpError, Progress, hosts, project, settle};

/// How far back a target is looked for.
pub(crate) const HISTORY: u32 = 200;

/// Where to return to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The state to return to.
    #[serde(default)]
    pub to: Target,
    /// Brings the data of that time back as well.
    #[serde(default)]
    pub data: Data,
    /// Carries out only this plan, seen before.
    #[serde(default)]
    pub expect_plan: Option<PlanHash>,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What becomes of the rows of databases.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// They stay, but for what migrations take back.
    #[default]
    Stays,
    /// Those of the newest backup that was taken while the earlier state served.
    Newest,
    /// Those of this backup.
    Backup(BackupId),
}

/// An earlier state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The newest good one before what serves now.
    #[default]
    Last,
    /// What this deployment had made live.
    Deployment(DeploymentId),
    /// The newest with this version.
    Version(String),
    /// The newest made from the commit whose hash begins so.
    Commit(String),
}

/// How it ended: `committed` or `unchanged`. Another end is an error, with the same `deployment` in its details.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployment that brought the earlier state back.
    pub deployment: DeploymentView,
    /// What became of the data, where it was brought back as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Restored>,
}

/// Carries out the plan that leads back. Hosts have all that it needs: releases, and the values of secrets.
///
/// # Errors
/// There is nothing to return to, its releases are gone, or it ended as a deployment that fails does.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let mandate = Mandate { expect_plan: input.expect_plan, reason: input.reason.clone(), begun: Instant::now() };
    let loaded = project::load(context, &input.environment)?;
    let Led { fleet, proposal, data } = until_cancelled(context, lead(context, &loaded, &input, progress)).await?;
    let restoring = match data {
        Some((backups, wanted)) => Some(Restoring::weigh(context, backups, wanted, &input.environment).await?),
        None => None,
    };
    if let Some(restoring) = &restoring {
        restoring.ask(approve, "the same again with").await?;
    }
    let bench = Workbench::new(context, &loaded.project, &SecretValues::default(), progress);
    let undertaking = Undertaking::announce(&bench, &fleet, &proposal, mandate).await?;
    let deployment = undertaking.finish(approve).await?;
    let data = match restoring.filter(|_| !undertaking.is_repeated()) {
        Some(mut restoring) => {
            restoring.leave(&put_back(&proposal.plan), deployment.id.as_ref()).await;
            let by_hand = restoring.by_hand();
            Some(restoring.put_back().await.map_err(|error| without_data(error, &deployment, &by_hand))?)
        }
        None => None,
    };
    Ok(Output { deployment, data })
}

/// The earlier state serves, and its data could not be brought back.
fn without_data(error: OpError, deployment: &DeploymentView, by_hand: &str) -> OpError {
    let message = format!("{} is rolled back, and its data is not back: {}", deployment.key, error.message);
    let help = error.help.map(|help| format!("{help}; then {by_hand}")).or_else(|| Some(by_hand.to_owned()));
    let details = serde_json::to_value(deployment).ok().map(|deployment| serde_json::json!({ "deployment": deployment }));
    OpError { message, help, details, exit: Exit::NeedsPerson, ..error }
}

/// What leads back, before anything is changed.
struct Led<'a> {
    fleet: Fleet,
    proposal: Proposal,
    /// The backups whose data is to be brought back: by the plan where no migration leads back, else after it.
    data: Option<(Backups<'a>, Vec<BackupView>)>,
}

/// What was cut off is settled before the history is asked: it may be what is to be rolled back.
async fn lead<'a>(context: &'a Context, loaded: &Loaded, input: &Input, progress: &'a Progress) -> Result<Led<'a>, OpError> {
    let fleet = hosts::connect(context, &loaded.project).await?;
    settle::first(context, &fleet, &loaded.key(), Action::Rollback, progress).await?;
    let history = fleet.home().history(&loaded.key(), HISTORY).await?;
    let target = match repeated(context, &history).filter(|_| input.to == Target::Last) {
        Some(target) => target,
        None => target(&history, &input.to)?,
    };
    let data = wanted(context, input, &same(&history, &target.id), progress).await?;
    let mut terms = terms(loaded, &fleet, Intent::Rollback { to: target.id.clone() }, target.source.clone());
    if let Some((_, wanted)) = &data {
        // What there is is backed up when it is weighed; one more could be one too many for that which is to be brought back.
        terms.keep_backups = None;
        let suited = wanted.iter().filter(|view| suits(view, &target.desired));
        terms.put_back = suited.map(|view| (view.backup.database.clone(), view.backup.id.clone())).collect();
    }
    let proposal = make(context, &fleet, terms, Aim::known(target.desired.clone()), CutOff::Settle, progress).await?;
    Ok(Led { fleet, proposal, data })
}

/// The backups that are to be brought back.
async fn wanted<'a>(
    context: &'a Context,
    Input { environment, data, .. }: &Input,
    to: &BTreeSet<DeploymentId>,
    progress: &'a Progress,
) -> Result<Option<(Backups<'a>, Vec<BackupView>)>, OpError> {
    if *data == Data::Stays {
        return Ok(None);
    }
    let backups = Backups::reach(context, progress, environment, None).await?;
    let all = backups.list().await?;
    let wanted = match data {
        Data::Backup(id) => backups::chosen(all, id, &backups.key)?,
        _ => backups::newest_of(all, to, &backups.key)?,
    };
    Ok(Some((backups, wanted)))
}

/// Whether a database has the migrations of that state once this is put back, and counts.
fn suits(view: &BackupView, state: &Desired) -> bool {
    let database = &view.backup.database;
    let spec = state.components.get(database).and_then(|wanted| wanted.kind.database());
    view.counts && view.backup.content.as_ref().zip(spec).is_some_and(|(content, spec)| content.suits(database, spec))
}

/// The databases whose data a plan puts back.
fn put_back(plan: &Plan) -> BTreeSet<ComponentName> {
    let steps = plan.expects.keys().flat_map(|host| plan.steps(host));
    steps.filter(|(_, step)| step.kind() == StepKind::PutBack).map(|(at, _)| at.component).collect()
}

/// Where an earlier call of the same name has led: what is the last good one by now may be another.
fn repeated<'a>(context: &Context, history: &'a [DeploymentRecord]) -> Option<&'a DeploymentRecord> {
    let name = context.idempotency_key.as_ref()?;
    let earlier = history.iter().find(|record| record.idempotency_key.as_ref() == Some(name))?;
    let Intent::Rollback { to } = &earlier.intent else { return None };
    history.iter().find(|record| record.id == *to)
}

/// All deployments that led to what `target` had made live: itself, and rollbacks to it.
fn same(history: &[DeploymentRecord], target: &DeploymentId) -> BTreeSet<DeploymentId> {
    let leads = |record: &&DeploymentRecord| rollback_target(history, "", |other| other.id == record.id).is_ok_and(|found| found.id == *target);
    history.iter().filter(leads).map(|record| record.id.clone()).collect()
}

fn target<'a>(history: &'a [DeploymentRecord], to: &Target) -> Result<&'a DeploymentRecord, HistoryError> {
    match to {
        Target::Last => stable_before(history),
        Target::Deployment(id) => rollback_target(history, &format!("the name {id}"), |record| record.id == *id),
        Target::Version(version) => rollback_target(history, &format!("version {version}"), |record| record.source.version == *version),
        Target::Commit(prefix) => rollback_target(history, &format!("commit {prefix}"), |record| made_from(record, prefix)),
    }
}

fn made_from(record: &DeploymentRecord, prefix: &str) -> bool {
    let commit = record.source.commit.as_deref().unwrap_or_default();
    !prefix.is_empty() && !record.source.dirty && commit.starts_with(prefix)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::deployment::Outcome;

    use super::*;
    use crate::tests::record;

    #[test]
    fn a_target_is_found_by_each_of_its_names() {
        let history = [
            record(4, "dddd", false, Outcome::Committed),
            record(3, "cccc", false, Outcome::RolledBack),
            record(2, "bbbb", true, Outcome::Committed),
            record(1, "bbbb", false, Outcome::Committed),
        ];
        let table = [
            (Target::Last, Some("d-2")),
            (Target::Deployment("d-1".parse().unwrap()), Some("d-1")),
            (Target::Deployment("d-3".parse().unwrap()), None),
            (Target::Version("v2".into()), Some("d-2")),
            (Target::Version("v3".into()), None),
            // What was made of a changed work tree is not what the commit says.
            (Target::Commit("bb".into()), Some("d-1")),
            (Target::Commit(String::new()), None),
        ];
        for (to, expect) in table {
            let found = target(&history, &to).ok().map(|record| record.id.to_string());
            assert_eq!(found.as_deref(), expect, "{to:?}");
        }
    }
}
