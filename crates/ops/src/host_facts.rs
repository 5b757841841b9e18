//! Tells what a host is. Starts its daemon when none runs.

use plimsoll_api::HostApi;
use plimsoll_model::HostName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Facts, OpError, Progress, hosts};

/// Which host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// As one would write it after `ssh`; this machine when absent.
    pub host: Option<HostName>,
}

/// The host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// What it is.
    pub facts: Facts,
}

/// Asks the host.
///
/// # Errors
/// The daemon cannot be started or reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let client = hosts::one(context, &input.host.unwrap_or_else(HostName::local)).await?;
    Ok(Output { facts: client.facts().await? })
}
