//! Ends the daemon of this machine's own host. Starts none only to end it, unless one that was killed left programs behind.

use plimsoll_api::HostApi;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, hosts};

/// What is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// Its slots and its proxy too: nothing serves any more.
    pub everything: bool,
}

impl Default for Input {
    fn default() -> Self {
        Self { everything: true }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// Whether there was one to stop.
    pub stopped: bool,
}

/// Stops it, if it runs, and waits for its end.
///
/// # Errors
/// It cannot be reached, or could not stop everything.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let daemon = hosts::daemon(context);
    let client = match daemon.find().await? {
        Some(client) => client,
        None if input.everything && daemon.has_left_something() => daemon.connect().await?,
        None => return Ok(Output { stopped: false }),
    };
    client.stop(input.everything, &daemon.by).await?;
    daemon.ended().await?;
    Ok(Output { stopped: true })
}
