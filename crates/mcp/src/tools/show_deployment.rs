//! `show_deployment`: tells all that is on record of a deployment.

use plimsoll_model::EnvironmentName;
use plimsoll_ops::show::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool =
    Tool::new::<Arguments, Output>("show_deployment", "Tell all that is on record of a deployment, such as why it failed.", Effect::Looks, |call| {
        Box::pin(run(call))
    });

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    /// Its id, or the beginning of it
    deployment: String,
    #[serde(default)]
    log: bool,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, deployment, log } = call.read()?;
    let output = show::run(&call.context, Input { environment, id: deployment, log }, &call.progress).await?;
    Ok(Answer::done("deployment", &output))
}
