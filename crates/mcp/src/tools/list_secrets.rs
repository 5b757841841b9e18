//! `list_secrets`: tells which secrets an environment needs, and never their values.

use plimsoll_ops::secrets_list::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "list_secrets",
    "Tell which secrets components want, where each comes from, and which are missing; never a value.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = secrets_list::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done("secrets", &output))
}
