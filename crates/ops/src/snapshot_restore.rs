//! Returns an environment to a snapshot: to what served then, and to the data of that time.

use plimsoll_model::{BackupId, EnvironmentName, PlanHash};
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::rollback::{self, Data, Target};
use crate::snapshots::{self, Snapshot};
use crate::{Approve, Context, DeploymentView, Exit, OpError, Progress, Restored};

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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployment that brought back what served: `committed`, or `unchanged` where it serves anyway.
    pub deployment: DeploymentView,
    /// What became of the data.
    pub data: Option<Restored>,
}

/// A rollback to what served then, through the same engine as any other, and after it the data. What would be lost is said first, and wants a yes.
///
/// # Errors
/// There is no such snapshot, it does not count, or it ended as a rollback or a restore that fails does.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let Input { environment, id, expect_plan, reason } = input;
    let backups = Backups::reach(context, progress, &environment, None).await?;
    let Snapshot { deployment, .. } = snapshots::named(backups.list().await?, &id, &backups.key)?;
    let unknown = || {
        let message = format!("nothing is known of what served when snapshot {id} was taken");
        OpError::new(Exit::Refused, "snapshot-of-nothing", message).with_help(format!("its data alone: plimsoll backup restore {environment} {id}"))
    };
    let to = Target::Deployment(deployment.ok_or_else(unknown)?);
    let input = rollback::Input { environment, to, data: Data::Backup(id), expect_plan, reason };
    let rollback::Output { deployment, data } = rollback::run(context, input, approve, progress).await?;
    Ok(Output { deployment, data })
}
