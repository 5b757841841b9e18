//! Returns an environment to a snapshot: to what served then, and to the data of that time.

use std::collections::BTreeMap;
use std::time::Instant;

use plimsoll_model::database::Applied;
use plimsoll_model::deployment::{DeploymentRecord, Outcome};
use plimsoll_model::plan::{Desired, Intent};
use plimsoll_model::{BackupId, ComponentName, DeploymentId, EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::proposal::{self, CutOff, Prepared};
use crate::rollback::{self, Data, Target};
use crate::snapshots::{self, Snapshot};
use crate::undertaking::Mandate;
use crate::workbench::until_cancelled;
use crate::{Approve, BackupView, Context, DeploymentView, Exit, OpError, Progress, Restored, Tests, Wanted, deploy, project};

/// Which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The snapshot.
    pub id: BackupId,
    /// Carries out only this plan, seen before.
    #[serde(default)]
    pub expect_plan: Option<PlanHash>,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployment that brought back what served: `committed`, or `unchanged` where it serves anyway.
    pub deployment: DeploymentView,
    /// What became of the data. Absent where there was none: then it came with the deployment.
    pub data: Option<Restored>,
}

/// A rollback to what served then, through the same engine as any other, and after it the data. What would be lost is said first, and wants a yes.
///
/// Where hosts know nothing of that time, because they are new, it is deployed again from its source, and its databases begin with the data. A
/// snapshot that they do not have is fetched from its copies.
///
/// # Errors
/// There is no such snapshot, it does not count, or it ended as a rollback, a deployment or a restore that fails does.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let Input { environment, id, expect_plan, reason } = input;
    let backups = Backups::reach_anew(context, progress, &environment, None).await?;
    let found = until_cancelled(context, backups.found(&id)).await?;
    let snapshot = snapshots::named(found, &id, &backups.key)?;
    let unknown = || {
        let message = format!("nothing is known of what served when snapshot {id} was taken");
        OpError::new(Exit::Refused, "snapshot-of-nothing", message).with_help(format!("its data alone: plimsoll backup restore {environment} {id}"))
    };
    let deployment = snapshot.deployment.as_ref().ok_or_else(unknown)?;
    let Some(deployment) = known(backups.history().await?, deployment, &snapshot) else {
        let mandate = Mandate { expect_plan, reason, begun: Instant::now() };
        let deployment = anew(context, &environment, &snapshot, mandate, approve, progress).await?;
        return Ok(Output { deployment, data: None });
    };
    let input = rollback::Input { environment, to: Target::Deployment(deployment), data: Data::Backup(id), expect_plan, reason };
    let rollback::Output { deployment, data } = rollback::run(context, input, approve, progress).await?;
    Ok(Output { deployment, data })
}

/// The deployment that had brought live what served then; or, on hosts that are newer than that, the last one that brought the same.
fn known(history: Vec<DeploymentRecord>, deployment: &DeploymentId, snapshot: &Snapshot) -> Option<DeploymentId> {
    if history.iter().any(|record| record.id == *deployment) {
        return Some(deployment.clone());
    }
    let same = |record: &DeploymentRecord| record.outcome() == Outcome::Committed && judge(snapshot, &record.desired).is_ok();
    history.into_iter().find(same).map(|record| record.id)
}

/// Deploys what served from its source, with the data.
async fn anew(
    context: &Context,
    environment: &EnvironmentName,
    snapshot: &Snapshot,
    mandate: Mandate,
    approve: &dyn Approve,
    progress: &Progress,
) -> Result<DeploymentView, OpError> {
    if !snapshot.counts {
        let message = format!("snapshot {} does not count: it was never verified, or was found damaged", snapshot.id);
        return Err(OpError::new(Exit::Refused, "backup-unverified", message).with_help(format!("plimsoll snapshot list {environment}")));
    }
    let loaded = project::load(context, environment)?;
    let source = snapshot.commit.clone().map_or(Wanted::Default, Wanted::Commit);
    let planned = until_cancelled(context, async {
        let prepared = proposal::prepare(context, &loaded, &source, progress).await?;
        judge(snapshot, &prepared.desired)?;
        let prepared = Prepared { restore: data(snapshot), ..prepared };
        prepared.lead(context, &loaded, Intent::Deploy, CutOff::Settle, progress).await
    });
    deploy::carry_out(context, &loaded, planned.await?, (Tests::None, mandate), approve, progress).await
}

/// The data that databases begin with.
fn data(snapshot: &Snapshot) -> BTreeMap<ComponentName, (BackupId, Vec<Applied>)> {
    let begins = |view: &BackupView| {
        let content = view.backup.content.as_ref()?;
        Some((view.backup.database.clone(), (view.backup.id.clone(), content.applied.clone())))
    };
    snapshot.backups.iter().filter_map(begins).collect()
}

/// Refuses a source that would bring other releases live than those that served: they are named by what they are made from.
fn judge(snapshot: &Snapshot, desired: &Desired) -> Result<(), OpError> {
    let is_same = |name: &ComponentName| desired.components.get(name).map(|wanted| &wanted.release) == snapshot.releases.get(name);
    let others: Vec<&str> = snapshot.releases.keys().filter(|name| !is_same(name)).map(ComponentName::as_str).collect();
    if others.is_empty() {
        return Ok(());
    }
    let (id, from) = (&snapshot.id, snapshot.commit.as_ref().map_or_else(|| "the project's folder".into(), |commit| format!("commit {commit}")));
    let message = format!("what served with snapshot {id} is not what {from} gives: {} would be another release", others.join(", "));
    let help = "bring the source back as it was; or deploy what is there, and then bring the data alone back with `plimsoll backup restore`";
    Err(OpError::new(Exit::Refused, "snapshot-of-other-source", message).with_help(help))
}
