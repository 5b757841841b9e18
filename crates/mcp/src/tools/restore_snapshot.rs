//! `restore_snapshot`: returns to what served when a snapshot was taken, and to the data of that time.

use plimsoll_model::{BackupId, EnvironmentName, PlanHash};
use plimsoll_ops::snapshot_restore::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::{Call, Seen};
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "restore_snapshot",
    "Return to what served when a snapshot was taken, and to its data. What was written since is lost, and backed up before: \
                  without accept_loss it only says what.",
    Effect::Changes,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    snapshot: BackupId,
    plan_hash: Option<PlanHash>,
    /// A person agreed to the loss
    #[serde(default)]
    accept_loss: bool,
    /// For the record
    reason: Option<String>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, snapshot, plan_hash, accept_loss, reason } = call.read()?;
    let input = Input { environment, id: snapshot, expect_plan: plan_hash, reason };
    let output = snapshot_restore::run(&call.context, input, &Seen { accept_loss }, &call.progress).await?;
    Ok(Answer::done("restored", &output))
}
