//! `list_certificates`: tells which certificates are shown.

use plimsoll_ops::certs_list::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool =
    Tool::new::<Place, Output>("list_certificates", "Tell which certificates routes show, and until when they are good.", Effect::Looks, |call| {
        Box::pin(run(call))
    });

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = certs_list::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done("certificates", &output))
}
