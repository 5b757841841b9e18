//! `read_audit_log`: tells who did what to an environment.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::audit_list::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "read_audit_log",
    "Tell who did what to an environment, when, why and how it ended, the newest first.",
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
    let input = Input { environment: Some(environment), host: None, since_ms: None, limit: limit.unwrap_or(10).min(100) };
    let output = audit_list::run(&call.context, input, &call.progress).await?;
    Ok(Answer::done("audit", &output))
}
