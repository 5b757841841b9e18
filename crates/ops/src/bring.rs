//! Bringing the running program to a host: what `host add` and `host upgrade` have in common.

use plimsoll_connect::{Ground, Package};
use plimsoll_model::HostName;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Context, Exit, OpError};

/// What was found on a host, and what is to be brought there.
pub(crate) struct Bringing {
    pub(crate) ground: Ground,
    package: Package,
}

/// What was brought to a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Brought {
    /// The version of the program that is there now.
    pub version: String,
    /// The version of the one that was there before; it is kept beside it.
    pub before: Option<String>,
    /// The SHA-256 of the program.
    pub sha256: String,
}

impl Bringing {
    /// Looks at the host.
    pub(crate) async fn look(context: &Context, host: &HostName) -> Result<Self, OpError> {
        let exe = context.exe.clone();
        let package = tokio::task::spawn_blocking(move || Package::of(&exe)).await.map_err(|error| unreadable(context, &error.to_string()))?;
        let package = package.map_err(|error| unreadable(context, &error.to_string()))?;
        Ok(Self { ground: context.ssh.survey(host).await?, package })
    }

    /// Whether the host has this very program already.
    pub(crate) fn is_there(&self) -> bool {
        self.ground.sha256.as_deref() == Some(self.package.sha256.as_str())
    }

    /// Judges whether this program can be used there.
    pub(crate) fn fits(&self, host: &HostName) -> Result<(), OpError> {
        Ok(self.package.judge(host, &self.ground)?)
    }

    /// Lends it to the login, and gives the command that starts it as root.
    pub(crate) async fn lend(&self, context: &Context, host: &HostName) -> Result<String, OpError> {
        self.package.judge(host, &self.ground)?;
        Ok(context.ssh.lend(host, &context.exe, &self.package).await?)
    }

    /// Brings it.
    pub(crate) async fn bring(&self, context: &Context, host: &HostName) -> Result<Brought, OpError> {
        if self.ground.is_provisioned {
            return Err(not_ours(host));
        }
        self.package.judge(host, &self.ground)?;
        context.ssh.install(host, &context.exe, &self.package).await?;
        Ok(Brought { version: env!("CARGO_PKG_VERSION").into(), before: self.ground.version.clone(), sha256: self.package.sha256.clone() })
    }
}

fn not_ours(host: &HostName) -> OpError {
    let message = format!("the plimsoll of {host} serves the whole machine: a login that deploys may not replace it");
    OpError::new(Exit::Refused, "host-provisioned", message).with_help("as the login that looks after it: plimsoll host provision admin@HOST")
}

fn unreadable(context: &Context, why: &str) -> OpError {
    OpError::new(Exit::Host, "program-unreadable", format!("the running program {} cannot be read: {why}", context.exe.display()))
        .with_help("see that its file is still there")
}
