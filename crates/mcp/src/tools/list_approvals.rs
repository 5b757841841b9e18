//! `list_approvals`: tells which plans wait for an approval.

use plimsoll_ops::approvals::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "list_approvals",
    "Tell which plans wait for the approval of a person, who wants them, and which have it.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = approvals::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done(if output.plans.is_empty() { "nothing-waits" } else { "approvals" }, &output))
}
