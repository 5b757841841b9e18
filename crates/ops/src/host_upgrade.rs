//! Brings daemon and proxy of this machine's own host to the version of the running binary. Slots go on, and no request is lost.

use plimsoll_api::{HostApi, Program, Replaced};
use plimsoll_connect::build_id;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Context, Exit, Facts, OpError, Progress, hosts};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The daemon that serves now; none where this machine has never been a host.
    pub serves: Option<Program>,
    /// The daemon that gave way; none when it was of this build already, or none ran.
    pub daemon: Option<Replaced>,
    /// The proxy that gave way; none when it was of this build already, or none runs.
    pub proxy: Option<Replaced>,
}

/// Replaces what is of another build. Done twice, the second time there is nothing to do.
///
/// # Errors
/// `host-busy` while a deployment is under way, `host-newer` when the host is of a newer version. When the new daemon does not start, the one of before is started again; when the new proxy
/// does not get ready, the one of before serves on.
pub async fn run(context: &Context, _: Input, _: &Progress) -> Result<Output, OpError> {
    if !hosts::was_there(context) {
        return Ok(Output { serves: None, daemon: None, proxy: None });
    }
    let daemon = hosts::daemon(context);
    let build = build_id(&context.exe)?;
    let before = match daemon.find().await? {
        Some(client) => Some(client.facts().await?),
        None => None,
    };
    let client = daemon.connect().await?;
    let after = client.facts().await?;
    if after.build != build {
        return Err(stays(&after));
    }
    let serves = program(&after);
    let former = before.filter(|before| before.build != build);
    let replaced = former.map(|former| Replaced { from: program(&former), to: serves.clone() });
    match client.upgrade(&daemon.by).await {
        Ok(upgraded) => Ok(Output { serves: Some(serves), daemon: replaced, proxy: upgraded.proxy }),
        Err(error) => Err(half_way(error.into(), replaced)),
    }
}

/// The proxy of before serves on under a daemon that can be of this build already.
fn half_way(error: OpError, daemon: Option<Replaced>) -> OpError {
    let Some(daemon) = daemon else { return error };
    let message = format!("{}; the daemon was replaced, and the proxy of before serves on", error.message);
    OpError { message, details: Some(json!({ "daemon": daemon })), ..error }
}

fn program(daemon: &Facts) -> Program {
    Program { pid: daemon.pid, version: Some(daemon.version.clone()), build: Some(daemon.build.clone()) }
}

/// A daemon of another build stays while a deployment is under way, and when it is newer.
fn stays(daemon: &Facts) -> OpError {
    if daemon.busy {
        let message = format!("a deployment is under way on this host, and its daemon (version {}) stays until it has ended", daemon.version);
        return OpError::new(Exit::Refused, "host-busy", message).with_help("try again when it has ended; plimsoll host facts tells whether it has");
    }
    let message = format!("this host is of version {}, and this plimsoll is {}", daemon.version, env!("CARGO_PKG_VERSION"));
    OpError::new(Exit::Refused, "host-newer", message).with_help("upgrade with that version or a newer one; deploying works with this one too")
}
