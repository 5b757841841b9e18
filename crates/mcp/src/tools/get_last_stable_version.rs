//! `get_last_stable_version`: tells where `rollback` would lead.

use plimsoll_ops::history::{self, Input, Output};
use plimsoll_ops::{Answer, OpError, schema_of};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool, arguments_of};

pub(super) const TOOL: Tool = Tool {
    name: "get_last_stable_version",
    description: "Tell where rollback would return to: the newest good deployment before what serves.",
    effect: Effect::Looks,
    input: arguments_of::<Place>,
    output: schema_of::<Output>,
    run: |call| Box::pin(run(call)),
};

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = history::run(&call.context, Input { environment, limit: 1, stable: true }, &call.progress).await?;
    Ok(Answer::done("history", &output))
}
