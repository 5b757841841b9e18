//! Reads the audit log of a host in a form that can be kept elsewhere and verified there.

use plimsoll_model::HostName;
use plimsoll_model::audit::{FORM, Row, Title};
use plimsoll_model::time::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::whole_log::WholeLog;
use crate::{Context, OpError, Progress, hosts, whole_log};

/// What to export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// The host, as one would write it after `ssh`; this machine when absent.
    pub host: Option<HostName>,
    /// Only what is from so long ago at most, in milliseconds.
    pub since_ms: Option<u64>,
}

/// The log, as it is; whether it is whole is not judged.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// What the file begins with.
    pub title: Title,
    /// The rows, the oldest first.
    pub rows: Vec<Row>,
}

impl Output {
    /// The file: the title, then one row a line.
    #[must_use]
    pub fn lines(&self) -> String {
        let rows = self.rows.iter().map(Row::line);
        std::iter::once(self.title.line()).chain(rows).map(|line| line + "\n").collect()
    }
}

/// Reads the log.
///
/// # Errors
/// The host cannot be reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let host = input.host.unwrap_or_else(HostName::local);
    let mut log = whole_log::read(context, &host).await?;
    if let Some(since) = input.since_ms.map(hosts::ago) {
        leave_out_before(&mut log, since);
    }
    let title = Title {
        plimsoll_audit: FORM,
        machine: if host == HostName::local() { context.holder.machine.clone() } else { host.to_string() },
        exported_at: hosts::now(),
        anchor: log.anchor,
        head: log.head,
        pruned: input.since_ms.is_none(),
    };
    Ok(Output { title, rows: log.rows })
}

/// What is left begins with the first row that is new enough; the place before it is where the chain then begins.
fn leave_out_before(log: &mut WholeLog, since: Moment) {
    let old = log.rows.iter().take_while(|row| row.read().is_some_and(|entry| entry.at < since)).count();
    log.anchor = log.rows[..old].last().map_or(log.anchor, Row::mark);
    log.rows.drain(..old);
}

#[cfg(test)]
mod tests {
    use plimsoll_model::audit::{Action, Actor, Deed, Ending, Entry, Mark};

    use super::*;

    #[test]
    fn what_is_left_out_is_the_front() {
        let entry = |at: i64| Entry { at: Moment(at), deed: Deed::new(Actor::host("u", "m"), Action::Deploy, Ending::Begun) };
        let rows: Vec<Row> = [10, 20, 30]
            .into_iter()
            .scan(Mark::START, |last, at| {
                let row = last.next(&entry(at));
                *last = row.mark();
                Some(row)
            })
            .collect();
        let check = |since: i64, expect: &[u64], anchor: u64| {
            let mut log = WholeLog { anchor: Mark::START, head: rows[2].mark(), rows: rows.clone() };
            leave_out_before(&mut log, Moment(since));
            assert_eq!((log.rows.iter().map(|row| row.seq).collect::<Vec<_>>().as_slice(), log.anchor.seq), (expect, anchor), "{since}");
            assert_eq!(plimsoll_model::audit::verify(&log.anchor, &log.rows, Some(&log.head)), Ok(log.head));
        };
        check(0, &[1, 2, 3], 0);
        check(20, &[2, 3], 1);
        check(31, &[], 3);
    }
}
