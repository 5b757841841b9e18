//! `create_snapshot`: keeps the data as it is, together with what serves.

use plimsoll_ops::snapshot_create::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "create_snapshot",
    "Back up every database and verify that; a deployment that migrates does so by itself.",
    Effect::Adds,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = snapshot_create::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done("taken", &output))
}
