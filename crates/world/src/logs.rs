//! What slots of a simulated machine wrote: one line for each start of those that say something.

use std::collections::BTreeMap;

use plimsoll_api::{LogLine, LogQuery};
use plimsoll_host::ledger::SlotRow;
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{EnvironmentKey, SlotId};

use super::machine::State;

/// All lines, in the order in which they were written.
pub(super) type Lines = Vec<(EnvironmentKey, LogLine)>;

impl State {
    /// A slot that starts says what its release says.
    pub(super) fn write(&mut self, row: &SlotRow, at: Time) {
        let Some(text) = self.words.get(&row.release).cloned() else { return };
        let line = LogLine { component: row.component.clone(), slot: row.slot.clone(), at: at.to_string(), stream: "out".into(), text };
        self.logs.push((row.key.clone(), line));
    }

    /// The last lines of each slot that `query` asks for.
    pub(super) fn last_lines(&self, query: &LogQuery) -> Vec<LogLine> {
        let mut left: BTreeMap<SlotId, u32> = BTreeMap::new();
        let last = |line: &&LogLine| {
            let left = left.entry(line.slot.clone()).or_insert(query.tail);
            let is_last = *left > 0;
            *left = left.saturating_sub(1);
            is_last
        };
        let mut lines: Vec<LogLine> = asked(&self.logs, query).rev().filter(last).cloned().collect();
        lines.reverse();
        lines
    }

    /// The lines behind the first `read` ones that `query` asks for.
    pub(super) fn lines_after(&self, query: &LogQuery, read: usize) -> Vec<LogLine> {
        asked(&self.logs[read..], query).cloned().collect()
    }
}

fn asked<'a>(lines: &'a [(EnvironmentKey, LogLine)], query: &'a LogQuery) -> impl DoubleEndedIterator<Item = &'a LogLine> {
    let fits = |line: &LogLine| query.component.as_ref().is_none_or(|component| *component == line.component);
    lines.iter().filter(move |(key, line)| *key == query.key && fits(line)).map(|(_, line)| line)
}
