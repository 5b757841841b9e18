//! Judges whether an audit log is whole: that of a host, or one that was exported.

use std::path::PathBuf;

use plimsoll_model::HostName;
use plimsoll_model::audit::{Break, Mark, attest, verify, verify_whole};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::whole_log::WholeLog;
use crate::{Context, Exit, OpError, Progress, whole_log};

/// What to judge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// The host, as one would write it after `ssh`; this machine when absent.
    pub host: Option<HostName>,
    /// A file that it was exported to, in place of the host's own.
    pub file: Option<PathBuf>,
    /// The place of a row, noted when it was the last: it must be there still.
    pub head: Option<Mark>,
}

/// A log that is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    /// How many rows it has.
    pub rows: u64,
    /// The place before its first row.
    pub anchor: Mark,
    /// The place of its last row: to be noted elsewhere.
    pub head: Mark,
}

/// Reads all of it and judges it.
///
/// # Errors
/// `audit-broken`, exit code 6, names the first row that is not what it was. Otherwise it cannot be read.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let (log, judged) = match &input.file {
        Some(path) => {
            let (title, log) = whole_log::read_file(path)?;
            let judged = verify(&log.anchor, &log.rows, Some(&log.head));
            let attested = if title.pruned { attest(&log.anchor, &log.rows) } else { Ok(()) };
            (log, judged.and_then(|last| attested.map(|()| last)))
        }
        None => {
            let log = whole_log::read(context, &input.host.clone().unwrap_or_else(HostName::local)).await?;
            let judged = verify_whole(&log.anchor, &log.rows, &log.head);
            (log, judged)
        }
    };
    let noted = |last: Mark| verify(&log.anchor, &log.rows, input.head.as_ref()).map(|_| last);
    let head = judged.and_then(noted).map_err(|found| broken(&log, found))?;
    Ok(Output { rows: log.rows.len() as u64, anchor: log.anchor, head })
}

fn broken(log: &WholeLog, found: Break) -> OpError {
    let told = log.rows.iter().find(|row| row.seq == found.first).and_then(plimsoll_model::audit::Row::read);
    let details = json!({ "break": { "first": found.first, "last": found.last, "what": found.flaw, "now_reads": told } });
    let help = "someone could write to the ledger: compare it with an export or a backup of before, and find out who";
    let message = format!("the audit log is not whole: {found}");
    OpError { details: Some(details), ..OpError::new(Exit::NeedsPerson, "audit-broken", message).with_help(help) }
}
