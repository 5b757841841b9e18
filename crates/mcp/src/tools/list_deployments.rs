//! `list_deployments`: tells what was deployed.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::history::{self, Input, Output};
use plimsoll_ops::{Answer, OpError, schema_of};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool, arguments_of};

pub(super) const TOOL: Tool = Tool {
    name: "list_deployments",
    description: "Tell what was deployed, the newest first, by whom, and how it ended.",
    effect: Effect::Looks,
    input: arguments_of::<Arguments>,
    output: schema_of::<Output>,
    run: |call| Box::pin(run(call)),
};

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
