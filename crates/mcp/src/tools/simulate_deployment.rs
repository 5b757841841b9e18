//! `simulate_deployment`: plays what a deployment would do, and tells what would happen.

use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::Outcome;
use plimsoll_ops::simulate::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::arguments::source;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "simulate_deployment",
    "Play what deploy_full would do: steps with estimated times, what if one failed, what is at risk.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// As in plan_deployment
    commit: Option<String>,
    #[serde(default)]
    dirty: bool,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, commit, dirty } = call.read()?;
    let input = Input { environment, source: source(commit, dirty) };
    let output = simulate::run(&call.context, input, &call.progress).await?;
    Ok(Answer::done(if output.outcome == Outcome::Unchanged { "unchanged" } else { "simulated" }, &output))
}
