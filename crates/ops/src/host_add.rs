//! Makes a machine that is reached by SSH a host: installs the running program there, for its login alone, and starts its daemon.

use plimsoll_api::HostApi;
use plimsoll_connect::is_newer;
use plimsoll_model::HostName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bring::{Bringing, Brought};
use crate::{Context, Exit, Facts, OpError, Progress, hosts};

/// Which machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// As one would write it after `ssh`.
    pub host: HostName,
    /// Whether somebody has said that the program may be installed there.
    #[serde(default)]
    pub agreed: bool,
}

/// The host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// Its name.
    pub host: HostName,
    /// What was installed; none when it was there already.
    pub installed: Option<Brought>,
    /// What it is.
    pub facts: Facts,
}

/// Looks at it, and installs what it lacks. Done twice, the second time there is nothing to do.
///
/// # Errors
/// There is no way to it, it does not suit (`platform-unfit`, `libc-too-old`, `disk-full`), or nobody has agreed (`approval-missing`). Then
/// nothing on it has changed.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let Input { host, agreed } = input;
    let installed = if host == HostName::local() { None } else { install(context, &host, agreed).await? };
    let facts = hosts::one(context, &host).await?.facts().await?;
    Ok(Output { host, installed, facts })
}

/// A program of this version or a newer one stays: `host upgrade` is for that.
async fn install(context: &Context, host: &HostName, agreed: bool) -> Result<Option<Brought>, OpError> {
    let bringing = Bringing::look(context, host).await?;
    let ours = env!("CARGO_PKG_VERSION");
    match &bringing.ground.version {
        Some(there) if !is_newer(ours, there) => Ok(None),
        _ if !agreed => Err(unasked(host)),
        _ => bringing.bring(context, host).await.map(Some),
    }
}

fn unasked(host: &HostName) -> OpError {
    let message = format!("{host} has no plimsoll of this version, and nobody has agreed to install it there");
    OpError::new(Exit::Refused, "approval-missing", message).with_help(format!("agree beforehand: plimsoll host add {host} --yes"))
}
