//! `get_migration_status`: tells which migrations databases have.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::migrate_status::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool =
    Tool::new::<Arguments, Output>("get_migration_status", "Tell which migrations each database has, and which wait.", Effect::Looks, |call| {
        Box::pin(run(call))
    });

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// Only this one
    database: Option<ComponentName>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, database } = call.read()?;
    let output = migrate_status::run(&call.context, Input { environment, database }, &call.progress).await?;
    Ok(Answer::done(if output.pending() { "pending" } else { "up-to-date" }, &output))
}
