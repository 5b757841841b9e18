//! Reading the audit log of a host.

use plimsoll_model::EnvironmentKey;
use plimsoll_model::audit::{Mark, Row};
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

use crate::{HostApi, HostError};

/// How many rows are asked for at a time.
const PAGE: u32 = 1_000;

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

/// All rows of a host's audit log, asked for page by page.
///
/// # Errors
/// Those of the host.
pub async fn whole_audit(host: &dyn HostApi) -> Result<AuditPage, HostError> {
    let mut log = AuditPage { anchor: Mark::START, head: Mark::START, rows: Vec::new() };
    let mut after = 0;
    loop {
        let page = host.audit(AuditQuery { after: Some(after), limit: PAGE, ..AuditQuery::default() }).await?;
        // Rows that come while pages are read are behind the last head, and the head of the last page is the one that counts.
        if after > 0 && page.anchor != log.anchor {
            // The daemon was started again meanwhile, and has pruned.
            return Box::pin(whole_audit(host)).await;
        }
        (log.anchor, log.head) = (page.anchor, page.head);
        let Some(last) = page.rows.last().map(|row| row.seq) else { return Ok(log) };
        after = last;
        log.rows.extend(page.rows);
    }
}
