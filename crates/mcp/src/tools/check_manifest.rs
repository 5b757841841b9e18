//! `check_manifest`: judges the manifest.

use plimsoll_ops::check::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "check_manifest",
    "Judge plimsoll.toml; details.findings say what is wrong, and at which line.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments {} = call.read()?;
    let output = check::run(&call.context, Input {}, &call.progress).await?;
    Ok(Answer::done("valid", &output))
}
