//! `check_certificates`: judges the certificates that would be deployed.

use plimsoll_ops::certs_check::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};

use super::arguments::Place;
use crate::call::Call;
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Place, Output>(
    "check_certificates",
    "Judge the certificates that a deployment would bring: dates, chain, key, names.",
    Effect::Looks,
    |call| Box::pin(run(call)),
);

async fn run(call: Call) -> Result<Answer, OpError> {
    let Place { environment } = call.read()?;
    let output = certs_check::run(&call.context, Input { environment }, &call.progress).await?;
    Ok(Answer::done("valid", &output))
}
