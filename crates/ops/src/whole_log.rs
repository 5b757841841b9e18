//! All of a host's audit log, or of a file that it was exported to.

use std::path::Path;

use plimsoll_api::{AuditPage, whole_audit};
use plimsoll_model::HostName;
use plimsoll_model::audit::{LineError, Mark, Row, Title};

use crate::{Context, Exit, OpError, hosts};

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
    let Some(client) = hosts::look_at(context, host).await? else {
        return Ok(WholeLog { anchor: Mark::START, head: Mark::START, rows: Vec::new() });
    };
    let AuditPage { anchor, head, rows } = whole_audit(&client).await?;
    Ok(WholeLog { anchor, head, rows })
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
