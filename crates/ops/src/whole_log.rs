//! All of a host's audit log, or of a file that it was exported to.

use std::path::Path;

use plimsoll_api::{AuditQuery, HostApi};
use plimsoll_model::HostName;
use plimsoll_model::audit::{LineError, Mark, Row, Title};

use crate::{Context, Exit, OpError, hosts};

/// How many rows are asked for at a time.
const PAGE: u32 = 1_000;

/// An audit log.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WholeLog {
    /// The place before its first row.
    pub(crate) anchor: Mark,
    /// The place that its last row is said to have.
    pub(crate) head: Mark,
    /// Its rows.
    pub(crate) rows: Vec<Row>,
}

/// The log of a host; an empty one where that is this machine, which never was one.
pub(crate) async fn read(context: &Context, host: &HostName) -> Result<WholeLog, OpError> {
    let mut log = WholeLog { anchor: Mark::START, head: Mark::START, rows: Vec::new() };
    let Some(client) = hosts::look_at(context, host).await? else { return Ok(log) };
    let mut after = 0;
    loop {
        let page = client.audit(AuditQuery { after: Some(after), limit: PAGE, ..AuditQuery::default() }).await?;
        // Rows that come while pages are read are behind the last head, and the head of the last page is the one that counts.
        if after > 0 && page.anchor != log.anchor {
            // The daemon was started again meanwhile, and has pruned.
            return Box::pin(read(context, host)).await;
        }
        (log.anchor, log.head) = (page.anchor, page.head);
        let Some(last) = page.rows.last().map(|row| row.seq) else { return Ok(log) };
        after = last;
        log.rows.extend(page.rows);
    }
}

/// The log that was exported to a file, and its title.
pub(crate) fn read_file(path: &Path) -> Result<(Title, WholeLog), OpError> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| unreadable(path, &error.to_string()).with_help("name a file that `plimsoll audit export` has written"))?;
    let mut lines = text.lines();
    let title = Title::read(lines.next().unwrap_or_default()).map_err(|error| unfit(path, 1, &error))?;
    let row = |(index, line): (usize, &str)| Row::read_line(line).map_err(|error| damaged(path, index + 2, &error));
    let rows = lines.enumerate().map(row).collect::<Result<_, _>>()?;
    Ok((title.clone(), WholeLog { anchor: title.anchor, head: title.head, rows }))
}

fn unreadable(path: &Path, why: &str) -> OpError {
    OpError::new(Exit::Usage, "audit-unreadable", format!("{} cannot be read: {why}", path.display()))
}

/// The title: without it, nothing is known to be a log.
fn unfit(path: &Path, line: usize, error: &LineError) -> OpError {
    let help = match error {
        LineError::Newer { .. } => "verify it with the plimsoll that wrote it, or a newer one",
        LineError::Unreadable => "name a file that `plimsoll audit export` has written",
    };
    unreadable(path, &format!("line {line}: {error}")).with_help(help)
}

/// A row: a log that was whole has none that cannot be read.
fn damaged(path: &Path, line: usize, error: &LineError) -> OpError {
    OpError::new(Exit::NeedsPerson, "audit-broken", format!("{}: line {line} was changed: {error}", path.display()))
        .with_help("compare it with another export of the same log, and find out who could write to it")
}
