//! `deploy_full`: brings a source live.

use plimsoll_model::{EnvironmentName, PlanHash};
use plimsoll_ops::deploy::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use super::arguments::source;
use crate::call::{Call, Seen};
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "deploy_full",
    "Bring live what plan_deployment has shown: build, switch without losing a request, verify; on any failure all is rolled back.",
    Effect::Changes,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    plan_hash: Option<PlanHash>,
    commit: Option<String>,
    #[serde(default)]
    dirty: bool,
    /// For the record
    reason: Option<String>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, plan_hash, commit, dirty, reason } = call.read()?;
    let input = Input { environment, source: source(commit, dirty), tests: plimsoll_ops::Tests::default(), expect_plan: plan_hash, reason };
    let output = deploy::run(&call.context, input, &Seen { accept_loss: false }, &call.progress).await?;
    Ok(Answer::of_deployment("deployed", &output.deployment, &output))
}
