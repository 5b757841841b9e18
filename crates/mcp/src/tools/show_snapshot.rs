//! `show_snapshot`: tells all that is known of a snapshot.

use plimsoll_model::{BackupId, EnvironmentName};
use plimsoll_ops::snapshot_show::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "show_snapshot",
    "Tell what a snapshot holds: releases, configuration, secrets by digest, migrations, backups.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// From list_snapshots
    snapshot: BackupId,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, snapshot } = call.read()?;
    let output = snapshot_show::run(&call.context, Input { environment, id: snapshot }, &call.progress).await?;
    Ok(Answer::done("snapshot", &output))
}
