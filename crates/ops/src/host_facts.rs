//! Tells what this machine's own host is. Starts its daemon when none runs.

use plimsoll_api::HostApi;
use serde::{Deserialize, Serialize};

use crate::{Context, Facts, OpError, Progress, hosts};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// The host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// What it is.
    pub facts: Facts,
}

/// Asks the host.
///
/// # Errors
/// The daemon cannot be started or reached.
pub async fn run(context: &Context, _: Input, _: &Progress) -> Result<Output, OpError> {
    let client = hosts::daemon(context).connect().await?;
    Ok(Output { facts: client.facts().await? })
}
