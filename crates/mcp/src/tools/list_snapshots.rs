//! `list_snapshots`: tells which snapshots there are.

use plimsoll_ops::snapshot_list::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool =
    Tool::new::<Place, Output>("list_snapshots", "Tell what restore_snapshot can return to, the oldest first.", Effect::Looks, |call| {
        Box::pin(run(call))
    });

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = snapshot_list::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done("snapshots", &output))
}
