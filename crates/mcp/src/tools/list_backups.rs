//! `list_backups`: tells which backups there are.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::backup_list::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "list_backups",
    "Tell which backups of databases there are; those that were verified count.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// Only this one
    database: Option<ComponentName>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, database } = call.read()?;
    let output = backup_list::run(&call.context, Input { environment, database }, &call.progress).await?;
    Ok(Answer::done("backups", &output))
}
