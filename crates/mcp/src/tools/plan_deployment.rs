//! `plan_deployment`: says what a deployment would do.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::plan::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::arguments::source;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "plan_deployment",
    "Show what deploy_full would do. details.plan.hash is the plan_hash that it takes.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// Commit, branch or tag; else what the environment takes
    commit: Option<String>,
    /// Take uncommitted changes too
    #[serde(default)]
    dirty: bool,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, commit, dirty } = call.read()?;
    let input = Input { environment, source: source(commit, dirty) };
    let output = plan::run(&call.context, input, &call.progress).await?;
    Ok(Answer::done(if output.plan.empty { "unchanged" } else { "planned" }, &output))
}
