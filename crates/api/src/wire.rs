//! How requests travel: what the daemon and its clients agree on, and nobody else needs to know.
//!
//! HTTP on a Unix socket. Bodies and answers are JSON; what lasts is answered line by line, one JSON document each
//! ([`OrderLine`], [`LogsLine`]); contents of files are sent in [frames](frame), over a network in [blocks](block), and of large ones
//! only the [pieces](piece) that the host has nowhere. A request that is refused is answered with a [`HostError`]. Carrying any of this is
//! left to `host` and `connect`.

pub mod block;
pub mod frame;
pub mod piece;

use plimsoll_model::audit::Actor;
use plimsoll_model::deployment::Failure;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, ProjectName};
use serde::{Deserialize, Serialize};

use crate::{HostError, HostEvent, LogLine, LogQuery, Report, SecretValues};

/// Version of the protocol. A daemon serves every version up to its own, and refuses a newer one but for [`path::FACTS`] and
/// [`path::STOP`], which a newer client needs to replace it.
pub const PROTOCOL: u32 = 5;

/// The header in which a client says the version that it speaks.
pub const PROTOCOL_HEADER: &str = "plimsoll-protocol";

/// Where the daemon of a whole machine listens, which systemd starts.
pub const SYSTEM_SOCKET: &str = "/run/plimsoll/host.sock";

/// The folder of that daemon.
pub const SYSTEM_FOLDER: &str = "/var/lib/plimsoll";

/// What its owner has decided for it.
pub const SYSTEM_POLICY: &str = "/etc/plimsoll/host.toml";

/// Whose members may speak to it.
pub const SYSTEM_GROUP: &str = "plimsoll";

/// Where requests go. In deployments, `{id}` stands for the name.
pub mod path {
    /// GET. See [`crate::HostApi::facts`].
    pub const FACTS: &str = "/v1/facts";
    /// POST. See [`crate::HostApi::observe`].
    pub const OBSERVE: &str = "/v1/observe";
    /// POST. See [`crate::HostApi::digest_secrets`].
    pub const DIGEST_SECRETS: &str = "/v1/secrets/digest";
    /// POST. See [`crate::HostApi::offer`].
    pub const OFFER: &str = "/v1/releases/offer";
    /// POST. See [`crate::HostApi::upload`].
    pub const FILES: &str = "/v1/releases/files";
    /// POST. The same, in [blocks](super::block).
    pub const FILES_IN_BLOCKS: &str = "/v1/releases/files/blocks";
    /// POST asks, with a [`Search`](super::piece::Search); answered with a [`Place`](super::piece::Place) for each piece that is there.
    pub const PIECES: &str = "/v1/releases/pieces";
    /// POST opens, GET lists. See [`crate::HostApi::open`] and [`crate::HostApi::history`].
    pub const DEPLOYMENTS: &str = "/v1/deployments";
    /// POST. See [`crate::HostApi::renew`].
    pub const RENEW: &str = "/v1/deployments/{id}/renew";
    /// POST. See [`crate::HostApi::order`].
    pub const ORDERS: &str = "/v1/deployments/{id}/orders";
    /// GET. See [`crate::HostApi::services`].
    pub const SERVICES: &str = "/v1/services";
    /// POST. See [`crate::HostApi::renew_certificates`].
    pub const RENEW_CERTIFICATES: &str = "/v1/certificates/renew";
    /// POST asks, with a [`crate::BackupQuery`]. See [`crate::HostApi::backups`].
    pub const BACKUPS: &str = "/v1/backups";
    /// POST asks, with a [`crate::CopyQuery`]. See [`crate::HostApi::copies`].
    pub const COPIES: &str = "/v1/copies";
    /// POST asks, with a [`crate::SchemaQuery`]. See [`crate::HostApi::schemas`].
    pub const SCHEMAS: &str = "/v1/schemas";
    /// POST asks, with a [`crate::ApprovalQuery`]. See [`crate::HostApi::approvals`].
    pub const APPROVALS: &str = "/v1/approvals";
    /// GET. See [`crate::HostApi::logs`].
    pub const LOGS: &str = "/v1/logs";
    /// POST. See [`crate::HostApi::run_log`].
    pub const RUN_LOG: &str = "/v1/deployments/{id}/log";
    /// POST asks, with an [`crate::AuditQuery`]. See [`crate::HostApi::audit`].
    pub const AUDIT: &str = "/v1/audit";
    /// POST. See [`crate::HostApi::note`].
    pub const NOTE: &str = "/v1/audit/note";
    /// POST. See [`crate::HostApi::upgrade`].
    pub const UPGRADE: &str = "/v1/upgrade";
    /// POST. See [`crate::HostApi::stop`].
    pub const STOP: &str = "/v1/stop";
}

/// Asks for [`crate::HostApi::digest_secrets`].
#[derive(Debug, Serialize, Deserialize)]
pub struct DigestSecrets {
    /// The environment.
    pub key: EnvironmentKey,
    /// The values.
    pub values: SecretValues,
}

/// Asks for [`crate::HostApi::run_log`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLog {
    /// The environment.
    pub key: EnvironmentKey,
    /// What is to be kept.
    pub keep: Option<String>,
}

/// Asks for [`crate::HostApi::stop`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// The slots and the proxy too.
    pub everything: bool,
    /// Who asks; clients of before the audit log do not say.
    #[serde(default)]
    pub by: Option<Actor>,
}

/// Asks for [`crate::HostApi::renew_certificates`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewCertificates {
    /// The environment.
    pub key: EnvironmentKey,
    /// All of them.
    pub force: bool,
    /// Who asks.
    pub by: Actor,
}

/// Asks for [`crate::HostApi::upgrade`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// Who asks.
    pub by: Actor,
}

/// The query of a request that asks about an environment. Its parts are names, which need no escaping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The project.
    pub project: ProjectName,
    /// Its environment.
    pub environment: EnvironmentName,
    /// How many to answer at most.
    pub limit: Option<u32>,
    /// Only this component.
    pub component: Option<ComponentName>,
    /// How many of the last lines to begin with.
    pub tail: Option<u32>,
    /// Goes on with what is written from now on.
    pub follow: Option<bool>,
}

impl About {
    /// About an environment as a whole.
    #[must_use]
    pub fn environment(key: &EnvironmentKey) -> Self {
        let EnvironmentKey { project, environment } = key.clone();
        Self { project, environment, limit: None, component: None, tail: None, follow: None }
    }

    /// The environment.
    #[must_use]
    pub fn key(&self) -> EnvironmentKey {
        EnvironmentKey { project: self.project.clone(), environment: self.environment.clone() }
    }

    /// As it stands behind the `?` of a request.
    #[must_use]
    pub fn query(&self) -> String {
        let optional = [
            self.limit.map(|limit| format!("&limit={limit}")),
            self.component.as_ref().map(|component| format!("&component={component}")),
            self.tail.map(|tail| format!("&tail={tail}")),
            self.follow.map(|follow| format!("&follow={follow}")),
        ];
        format!("project={}&environment={}{}", self.project, self.environment, optional.into_iter().flatten().collect::<String>())
    }
}

impl From<LogQuery> for About {
    fn from(asked: LogQuery) -> Self {
        Self { component: asked.component, tail: Some(asked.tail), follow: Some(asked.follow), ..Self::environment(&asked.key) }
    }
}

impl From<About> for LogQuery {
    fn from(about: About) -> Self {
        Self { key: about.key(), component: about.component, tail: about.tail.unwrap_or(0), follow: about.follow.unwrap_or(false) }
    }
}

/// One line of the answer to an order. A report or an error is the last; an answer without either was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderLine {
    /// Something happened.
    Event(HostEvent),
    /// The order is carried out.
    Report(Report),
    /// The order was not carried out.
    Error(HostError),
}

/// One line of the answer to [`path::LOGS`]. An end or an error is the last; an answer without either was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogsLine {
    /// A slot wrote a line.
    Line(LogLine),
    /// That was all.
    End,
    /// No more can be read.
    Error(HostError),
}

/// What a daemon that is started on demand writes on its standard output, in one line, when it serves or knows that it will not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Started {
    /// It serves.
    Ready,
    /// It ends.
    Failed(Failure),
}

#[cfg(test)]
mod tests {
    use plimsoll_model::deployment::Holder;
    use plimsoll_model::{DeploymentId, HostName};

    use super::*;

    #[test]
    fn every_error_travels() {
        let id = DeploymentId::new("d-1").unwrap();
        let holder = Holder { user: "u".into(), machine: "m".into(), pid: 1, surface: "cli".into() };
        let failure = Failure::new("code", "message").with_help("help").with_output(vec!["line".into()]);
        for error in [
            HostError::unreachable(HostName::local(), "w", "h"),
            HostError::Barred { host: HostName::local(), failure: failure.clone() },
            HostError::LeaseHeld { id: id.clone(), holder, expires_in_ms: 5 },
            HostError::LeaseLost(id),
            HostError::Stale(HostName::local()),
            HostError::Failed(failure.clone()),
            HostError::Refused(failure.clone()),
            HostError::NotFound("x".into()),
            HostError::Unfit("x".into()),
            HostError::Internal(failure),
        ] {
            let sent = serde_json::to_string(&error).unwrap();
            assert_eq!(serde_json::from_str::<HostError>(&sent).unwrap(), error, "{sent}");
        }
    }
}
