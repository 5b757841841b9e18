//! `resume_deployment`: settles a deployment that was cut off.

use plimsoll_ops::resume::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "resume_deployment",
    "Settle a deployment that was cut off (details.open of get_deployment_status, expired): lead every host to what was decided, or back.",
    Effect::Changes,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = resume::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done(if output.deployment.is_some() { "settled" } else { "nothing-to-settle" }, &output))
}
