//! Tells what is on record in the audit log of a host, the newest first.

use plimsoll_api::{AuditQuery, HostApi};
use plimsoll_model::audit::{Entry, Mark, Row};
use plimsoll_model::{Digest, EnvironmentName, HostName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, hosts, project};

/// Which entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Only those of this environment, from the log of its home host.
    #[serde(default)]
    pub environment: Option<EnvironmentName>,
    /// The host, as one would write it after `ssh`; without an environment this machine when absent.
    #[serde(default)]
    pub host: Option<HostName>,
    /// Only those of so long ago at most, in milliseconds.
    #[serde(default)]
    pub since_ms: Option<u64>,
    /// So many at most.
    pub limit: u32,
}

/// What is on record.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The entries, the newest first.
    pub entries: Vec<EntryView>,
    /// The place of the log's last row.
    pub head: Mark,
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    let home = loaded.as_ref().and_then(|loaded| loaded.project.environment.hosts.first().cloned());
    let host = input.host.or(home).unwrap_or_else(HostName::local);
    let Some(host) = hosts::look_at(context, &host).await? else { return Ok(Output { entries: Vec::new(), head: Mark::START }) };
    let since = input.since_ms.map(hosts::ago);
    let page = host.audit(AuditQuery { key: loaded.map(|loaded| loaded.key()), since, after: None, limit: input.limit }).await?;
    Ok(Output { entries: page.rows.iter().rev().map(EntryView::from).collect(), head: page.head })
}
