//! What goes over the control socket: requests, answers, and their paths.

use plimsoll_model::name::{ComponentName, EnvironmentKey};
use plimsoll_model::route::{Match, Upstream};
use serde::{Deserialize, Serialize};

use super::ControlError;

/// The version stands in the path: another one is another path, which an older proxy does not know.
pub(crate) const TABLE: &str = "/v1/table";
/// The same for a table with TLS: a proxy that knows nothing of it would serve it in the open.
pub(crate) const TABLE_WITH_TLS: &str = "/v2/table";
pub(crate) const DRAIN: &str = "/v1/drain";
pub(crate) const STATUS: &str = "/v1/status";
pub(crate) const STOP: &str = "/v1/stop";

/// Asks to wait until a slot is idle.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Drain {
    pub(crate) slot: String,
    pub(crate) timeout_ms: u64,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    /// Requests and tunnels that were still in flight when the time was up; 0 when the slot is idle.
    pub remaining: u64,
}

/// What the proxy serves and what goes through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Generation of the table in force.
    pub generation: u64,
    /// One row for each of its routes.
    pub routes: Vec<RouteStatus>,
    /// What was wrong with the kept table when the proxy started. Since then it serves the one before, or lets connections wait; the next
    /// table that it is given ends that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

/// One route and what goes through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteStatus {
    /// The environment that it belongs to.
    pub key: EnvironmentKey,
    /// The component that it leads to.
    pub component: ComponentName,
    /// Which requests it takes.
    pub matches: Match,
    /// Where they go.
    pub upstream: Upstream,
    /// What went through the route since the proxy started, over all switches.
    pub route: Counts,
    /// What went to the slot that it leads to now; absent for a site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Counts>,
    /// Why it cannot speak TLS though it should; absent where all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_trouble: Option<String>,
}

/// Counters since the proxy started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests and tunnels under way.
    pub in_flight: u64,
    /// Requests that began.
    pub requests: u64,
    /// Answers 1xx (upgrades).
    pub informational: u64,
    /// Answers 2xx.
    pub success: u64,
    /// Answers 3xx.
    pub redirect: u64,
    /// Answers 4xx.
    pub client_error: u64,
    /// Answers 5xx, those of the proxy itself included.
    pub server_error: u64,
    /// Sum of the times from request to first byte of the answer, in microseconds.
    pub waited_us: u64,
}

/// An error on its way: its fields and, for people, what they mean.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    #[serde(flatten)]
    pub(crate) error: ControlError,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        Self { message: error.to_string(), help: error.help().to_owned(), error }
    }
}
