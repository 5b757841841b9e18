//! The audit log of a machine in memory: the chain of the real one, and nothing else of it.

use plimsoll_api::{AuditPage, AuditQuery};
use plimsoll_host::ledger::Build;
use plimsoll_model::audit::{Action, Actor, Break, Deed, Ending, Entry, Mark, Row, verify_whole};
use plimsoll_model::time::Moment as Time;

/// What is on record of who did what.
pub(super) struct AuditLog {
    anchor: Mark,
    rows: Vec<Row>,
    builds: Vec<Build>,
}

impl Default for AuditLog {
    fn default() -> Self {
        Self { anchor: Mark::START, rows: Vec::new(), builds: Vec::new() }
    }
}

impl AuditLog {
    fn head(&self) -> Mark {
        self.rows.last().map_or(self.anchor, Row::mark)
    }

    pub(super) fn tell(&mut self, at: Time, deed: &Deed) {
        let row = self.head().next(&Entry { at, deed: deed.clone() });
        self.rows.push(row);
    }

    pub(super) fn page(&self, query: &AuditQuery) -> AuditPage {
        let fits = |row: &&Row| {
            let Some(entry) = row.read() else { return true };
            query.since.is_none_or(|since| entry.at >= since) && query.key.as_ref().is_none_or(|key| entry.deed.environment.as_ref() == Some(key))
        };
        let mut rows: Vec<Row> = self.rows.iter().filter(|row| row.seq > query.after.unwrap_or(0)).filter(fits).cloned().collect();
        match query.after {
            Some(_) => rows.truncate(query.limit as usize),
            None => drop(rows.drain(..rows.len().saturating_sub(query.limit as usize))),
        }
        AuditPage { anchor: self.anchor, head: self.head(), rows }
    }

    pub(super) fn prune(&mut self, at: Time, keep_from: Time, by: &Actor) {
        let old = self.rows.iter().take_while(|row| row.read().is_some_and(|entry| entry.at < keep_from)).count();
        let Some(last) = old.checked_sub(1).map(|last| self.rows[last].mark()) else { return };
        self.tell(at, &Deed { pruned: Some(last), ..Deed::new(by.clone(), Action::Prune, Ending::Done) });
        self.rows.drain(..old);
        self.anchor = last;
    }

    pub(super) fn take_over(&mut self, at: Time, build: &Build, by: &Actor) {
        if self.builds.last() != Some(build) {
            self.builds.push(build.clone());
            self.tell(at, &Deed { note: Some(build.to_string()), ..Deed::new(by.clone(), Action::HostUpgrade, Ending::Done) });
        }
    }

    pub(super) fn builds(&self) -> Vec<Build> {
        self.builds.clone()
    }

    /// Whether the chain is whole.
    pub(super) fn verify(&self) -> Result<Mark, Break> {
        verify_whole(&self.anchor, &self.rows, &self.head())
    }
}
