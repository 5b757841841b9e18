//! Routes: where traffic for a component goes.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::Moment;
use crate::{ComponentName, DeploymentId, Digest, EnvironmentKey};

/// Which requests a route takes: by port, host name and path prefix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Match {
    /// TCP port that the proxy listens on.
    pub port: u16,
    /// Host name that the request must ask for, in lower case; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Path prefix on whole segments: `/api` takes `/api` and `/api/x`, not `/apix`. `/` takes all.
    pub path: String,
}

/// What a component asks of its route, as a plan carries it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct RouteSpec {
    /// Which requests it takes.
    #[serde(flatten)]
    pub matches: Match,
    /// Takes the prefix off the path before the request goes to the slot.
    #[serde(default)]
    pub strip_prefix: bool,
    /// Answers `/_deploy/health` and `/_deploy/status` to others than this machine.
    #[serde(default)]
    pub public_status: bool,
    /// The site's unknown paths are answered with its `index.html` (single-page application).
    #[serde(default)]
    pub spa: bool,
    /// How long a request may wait for the first byte of its answer, in milliseconds.
    pub response_timeout_ms: u64,
    /// How it speaks TLS; it speaks plain HTTP when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// How a route speaks TLS. The certificate is named here, and travels and lies elsewhere, with its private key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Tls {
    /// Names the certificate: the hash of its chain, or of its enrolment.
    pub certificate: Digest,
    /// When it expires.
    pub expires_at: Moment,
    /// The port of plain HTTP from where requests are sent here; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_from: Option<u16>,
    /// For how long clients are told to come by HTTPS only, in seconds. 0 has them forget that they were told.
    pub hsts_s: u64,
    /// The authority that the host gets it from and renews it at. Then the certificate is not known before it is there: a plan names the
    /// enrolment in its place, and no date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<Box<Enrolment>>,
}

/// A standing arrangement with an authority (ACME, RFC 8555): it issues a certificate for a host name, again and again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Enrolment {
    /// URL of the authority's directory.
    pub directory: String,
    /// The mail address that the authority writes to.
    pub contact: String,
    /// The certificates, in PEM, that the authority itself is trusted by; those that the host trusts when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The host name that its certificates are for.
    pub host: String,
}

impl Enrolment {
    /// What names it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_value(self)
    }
}

impl Tls {
    /// With certificates that an authority issues.
    #[must_use]
    pub fn enrolled(enrolment: Enrolment, redirect_from: Option<u16>, hsts_s: u64) -> Self {
        Self { certificate: enrolment.digest(), expires_at: Moment::LAST, redirect_from, hsts_s, enrolment: Some(Box::new(enrolment)) }
    }
}

impl RouteSpec {
    /// The ports that are listened on for it, and whether it speaks TLS there.
    pub fn protocols(&self) -> impl Iterator<Item = (u16, bool)> + use<> {
        let own = (self.matches.port, self.tls.is_some());
        [Some(own), self.tls.as_ref().and_then(|tls| tls.redirect_from).map(|port| (port, false))].into_iter().flatten()
    }

    /// The ports that are listened on for it.
    pub fn ports(&self) -> impl Iterator<Item = u16> + use<> {
        self.protocols().map(|(port, _)| port)
    }
}

/// Where the requests of a route go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Upstream {
    /// A slot that answers HTTP at an address of this host.
    Slot {
        /// Names the slot, over all environments of the host; two slots with the same address are still two.
        slot: String,
        /// Where it listens.
        address: SocketAddr,
    },
    /// A folder of files that the proxy serves itself.
    Site {
        /// Absolute path of the folder.
        root: PathBuf,
    },
}

/// One row of the proxy's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// The environment that it belongs to.
    pub key: EnvironmentKey,
    /// The component that it leads to.
    pub component: ComponentName,
    /// What it takes and how.
    pub spec: RouteSpec,
    /// Where its requests go.
    pub upstream: Upstream,
    /// Absolute path of the file with its certificate and private key, when it speaks TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// What `/_deploy/status` tells.
    pub about: About,
}

/// What a route tells of the deployment that it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// The deployment that switched it.
    pub deployment: DeploymentId,
    /// The version that it serves.
    pub version: String,
    /// The commit that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch of that commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// When it was switched, ISO 8601 in UTC.
    pub deployed_at: String,
}

/// All routes of a proxy: what is given to it and what it keeps on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteTable {
    /// Grows by one with each change, so that a late message cannot undo a newer one.
    pub generation: u64,
    /// The routes, in no particular order.
    pub routes: Vec<Route>,
}
