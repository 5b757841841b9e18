//! `list_snapshots`: tells which snapshots there are.

use plimsoll_ops::snapshot_list::{self, Input, Output};
use plimsoll_ops::{Answer, OpError, schema_of};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool, arguments_of};

pub(super) const TOOL: Tool = Tool {
    name: "list_snapshots",
    description: "Tell what restore_snapshot can return to, the oldest first.",
    effect: Effect::Looks,
    input: arguments_of::<Place>,
    output: schema_of::<Output>,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = snapshot_list::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done("snapshots", &output))
}
