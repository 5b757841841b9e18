//! `get_deployment_status`: tells what serves, and what is under way.

use plimsoll_ops::status::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "get_deployment_status",
    "Tell what serves, where and how well, and which deployment is open.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = status::run(&call.context, Input { environment, strict: false }, &call.progress).await?;
    Ok(Answer::done(output.code(), &output))
}
