//! Makes a server what it was before it was provisioned: daemon, slots and proxy end, and all that was set up is undone.

use plimsoll_model::HostName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bring::Bringing;
use crate::{Context, Exit, OpError, Progress};

/// Which server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// As one would write it after `ssh`: the login that looks after it.
    pub host: HostName,
    /// Whether somebody has agreed: whatever serves there ends.
    #[serde(default)]
    pub agreed: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// The server.
    pub host: HostName,
}

/// Removes all but what was installed as packages, and what programs have stored in their folders below `/var/lib/private`.
///
/// # Errors
/// Nobody has agreed, there is no way to it, or something cannot be undone: the rest is, and this can be called again.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let Input { host, agreed } = input;
    if !agreed {
        let message = format!("whatever serves on {host} would end, and nobody has agreed to that");
        return Err(
            OpError::new(Exit::Refused, "approval-missing", message).with_help(format!("agree beforehand: plimsoll host remove {host} --yes"))
        );
    }
    let program = Bringing::look(context, &host).await?.lend(context, &host).await?;
    context.ssh.talk(&host, &format!("{program} host visit undo"), b"", |_| {}).await?;
    // The login that looked after it may be gone by now, and its home with what was lent.
    let _ = context.ssh.take_back(&host).await;
    Ok(Output { host })
}
