//! `list_deployments`: tells what was deployed.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::history::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "list_deployments",
    "Tell what was deployed, the newest first, by whom, and how it ended.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// At most 100
    limit: Option<u32>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, limit } = call.read()?;
    let input = Input { environment, limit: limit.unwrap_or(10).min(100), stable: false };
    let output = history::run(&call.context, input, &call.progress).await?;
    Ok(Answer::done("history", &output))
}
