//! Tells what is on record in the audit log of this machine's own host, the newest first.

use plimsoll_api::{AuditQuery, HostApi};
use plimsoll_model::audit::{Entry, Mark, Row};
use plimsoll_model::{Digest, EnvironmentName};
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, hosts, project};

/// Which entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Only those of this environment.
    #[serde(default)]
    pub environment: Option<EnvironmentName>,
    /// Only those of so long ago at most, in milliseconds.
    #[serde(default)]
    pub since_ms: Option<u64>,
    /// So many at most.
    pub limit: u32,
}

/// What is on record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The entries, the newest first.
    pub entries: Vec<EntryView>,
    /// The place of the log's last row.
    pub head: Mark,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryView {
    /// The number of its row.
    pub seq: u64,
    /// The hash of its row.
    pub hash: Digest,
    /// What it tells; none when the row was damaged.
    #[serde(flatten)]
    pub entry: Option<Entry>,
}

impl From<&Row> for EntryView {
    fn from(row: &Row) -> Self {
        Self { seq: row.seq, hash: row.hash, entry: row.read() }
    }
}

/// Asks the host.
///
/// # Errors
/// The manifest is not right, or the host cannot be reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = input.environment.map(|environment| project::load(context, &environment)).transpose()?;
    let Some(host) = hosts::own(context).await? else { return Ok(Output { entries: Vec::new(), head: Mark::START }) };
    let since = input.since_ms.map(hosts::ago);
    let page = host.audit(AuditQuery { key: loaded.map(|loaded| loaded.key()), since, after: None, limit: input.limit }).await?;
    Ok(Output { entries: page.rows.iter().rev().map(EntryView::from).collect(), head: page.head })
}
