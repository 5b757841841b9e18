//! `get_last_stable_version`: tells where `rollback` would lead.

use plimsoll_ops::history::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "get_last_stable_version",
    "Tell where rollback would return to: the newest good deployment before what serves.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = history::run(&call.context, Input { environment, limit: 1, stable: true }, &call.progress).await?;
    Ok(Answer::done("history", &output))
}
