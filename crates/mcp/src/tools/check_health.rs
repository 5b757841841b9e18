//! `check_health`: fails when something is not as it should be.

use plimsoll_ops::status::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "check_health",
    "Fail when something does not serve well, or backups are too old; details.components[].trouble says why.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = status::run(&call.context, Input { environment, strict: true }, &call.progress).await?;
    Ok(Answer::done(output.code(), &output))
}
