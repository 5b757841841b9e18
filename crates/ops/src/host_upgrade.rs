//! Brings daemon and proxy of a host to the version of the running binary. Slots go on, and no request is lost.

use plimsoll_api::{HostApi, Program, Replaced};
use plimsoll_connect::{Client, build_id, is_newer};
use plimsoll_model::HostName;
use plimsoll_model::audit::Actor;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::bring::Bringing;
use crate::{Context, Exit, Facts, OpError, Progress, hosts};

/// Which host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// As one would write it after `ssh`; this machine when absent.
    pub host: Option<HostName>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
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
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    match input.host.filter(|host| *host != HostName::local()) {
        Some(host) => elsewhere(context, &host).await,
        None if !hosts::was_there(context) => Ok(Output { serves: None, daemon: None, proxy: None }),
        None => here(context).await,
    }
}

async fn here(context: &Context) -> Result<Output, OpError> {
    let daemon = hosts::daemon(context);
    let before = match daemon.find().await? {
        Some(client) => Some(client.facts().await?),
        None => None,
    };
    let client = daemon.connect().await?;
    let after = client.facts().await?;
    finish(context, &client, before, &after).await
}

/// Brings the program there first. The daemon that then answers is of that build, unless it stays.
async fn elsewhere(context: &Context, host: &HostName) -> Result<Output, OpError> {
    let bringing = Bringing::look(context, host).await?;
    let before = match &bringing.ground.version {
        Some(_) => Some(hosts::one(context, host).await?.facts().await?),
        None => None,
    };
    if let Some(before) = before.as_ref().filter(|before| before.busy || is_newer(&before.version, env!("CARGO_PKG_VERSION"))) {
        return Err(stays(before));
    }
    if !bringing.is_there() {
        bringing.bring(context, host).await?;
    }
    // A connection of its own: the one of before leads to the daemon that is to give way.
    let client = hosts::one(context, host).await?;
    let after = client.facts().await?;
    finish(context, &client, before, &after).await
}

/// The daemon is of this build; now the proxy.
async fn finish(context: &Context, client: &Client, before: Option<Facts>, after: &Facts) -> Result<Output, OpError> {
    let build = build_id(&context.exe)?;
    if after.build != build {
        return Err(stays(after));
    }
    let serves = program(after);
    let former = before.filter(|before| before.build != build);
    let replaced = former.map(|former| Replaced { from: program(&former), to: serves.clone() });
    match client.upgrade(&Actor::from(&context.holder)).await {
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

#[cfg(test)]
mod tests {
    use plimsoll_model::time::Moment;

    use super::*;

    fn daemon(busy: bool) -> Facts {
        Facts {
            version: "9.9.9".into(),
            build: "b".into(),
            platform: "linux-x86_64".into(),
            machine: "here".into(),
            pid: 7,
            started_at: Moment(0),
            proxy_pid: None,
            proxy: None,
            keepers: Vec::new(),
            cores: 1,
            memory_bytes: 0,
            disk_free_bytes: 0,
            folder: "/home".into(),
            environments: Vec::new(),
            busy,
        }
    }

    #[test]
    fn why_a_daemon_stays_is_told_with_what_to_do() {
        for (busy, code, help) in
            [(true, "host-busy", "try again when it has ended"), (false, "host-newer", "upgrade with that version or a newer one")]
        {
            let error = stays(&daemon(busy));
            assert_eq!((error.code.as_str(), error.exit), (code, Exit::Refused));
            assert!(error.message.contains("9.9.9") && error.help.as_ref().is_some_and(|told| told.starts_with(help)), "{error:?}");
        }
    }

    #[test]
    fn an_upgrade_that_stops_half_way_tells_how_far_it_came() {
        let failed = || OpError::new(Exit::Failed, "proxy-down", "the proxy does not start").with_help("see its log");
        assert_eq!(half_way(failed(), None), failed(), "nothing was replaced");
        let replaced = Replaced { from: program(&daemon(false)), to: Program { pid: 8, ..program(&daemon(false)) } };
        let told = half_way(failed(), Some(replaced));
        assert_eq!((told.code.as_str(), told.exit, &told.help), ("proxy-down", Exit::Failed, &failed().help));
        assert!(told.message.contains("the daemon was replaced"), "{}", told.message);
        assert_eq!(told.details.unwrap().pointer("/daemon/to/pid"), Some(&json!(8)));
    }
}
