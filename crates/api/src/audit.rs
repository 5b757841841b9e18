//! Reading the audit log of a host.

use plimsoll_model::EnvironmentKey;
use plimsoll_model::audit::{Mark, Row};
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

/// Which rows of the audit log to answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditQuery {
    /// Only what was done to this environment.
    pub key: Option<EnvironmentKey>,
    /// Only what was put on record then or later.
    pub since: Option<Moment>,
    /// Only rows behind this number: the first `limit` of them. Without it, the last `limit` of all.
    pub after: Option<u64>,
    /// So many at most.
    pub limit: u32,
}

/// Rows of the audit log, the oldest first, and the ends of the whole log at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The place before the first row that is kept.
    pub anchor: Mark,
    /// The place of the last row.
    pub head: Mark,
    /// The rows that were asked for.
    pub rows: Vec<Row>,
}
