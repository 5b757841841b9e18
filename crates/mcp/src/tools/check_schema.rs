//! `check_schema`: compares the schemas of databases with what their migrations give.

use plimsoll_model::{ComponentName, EnvironmentName};
use plimsoll_ops::migrate_check::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "check_schema",
    "Compare the schema of each database with the one that its migrations give; differences are errors.",
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
    let output = migrate_check::run(&call.context, Input { environment, database }, &call.progress).await?;
    Ok(Answer::done("as-migrated", &output))
}
