//! The machine: what is there, whatever happens to the host process that made it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use plimsoll_host::ledger::SlotRow;
use plimsoll_model::route::{Route, Upstream};
use plimsoll_model::{ComponentName, ConfigHash, EnvironmentKey, ReleaseId, Secret, SlotId};

use super::ledger::Books;

/// How the slots of a release behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// They answer.
    Serves,
    /// They run and never answer.
    NeverHealthy,
    /// Their program ends at once.
    ExitsAtOnce,
}

/// When, relative to a journal record, the host process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The record is not written.
    Before,
    /// The record is written, and whoever wrote it does not learn so.
    After,
}

/// A crash to come: at the journal record with this number, counted from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// How many records are written before.
    pub record: usize,
    /// Before or after it is written.
    pub moment: Moment,
}

/// A machine in memory. Clones are the same machine.
#[derive(Clone, Default)]
pub struct Machine(Arc<Mutex<State>>);

#[derive(Default)]
pub(super) struct State {
    pub(super) books: Books,
    pub(super) releases: BTreeSet<ReleaseId>,
    pub(super) staged: BTreeSet<(EnvironmentKey, ComponentName, ReleaseId)>,
    pub(super) running: BTreeMap<(EnvironmentKey, SlotId), SlotRow>,
    pub(super) routes: Vec<Route>,
    pub(super) secrets: BTreeMap<(EnvironmentKey, ComponentName, ConfigHash), BTreeMap<String, Secret<String>>>,
    pub(super) behaviours: BTreeMap<ReleaseId, Behaviour>,
    pub(super) crash: Option<Crash>,
    pub(super) fail: Option<usize>,
    pub(super) records: usize,
    pub(super) effects: usize,
    pub(super) violations: Vec<String>,
}

impl Machine {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no one panics while holding it, or the test has failed already")
    }

    /// Has the files of a release, whose slots will behave so.
    pub fn has(&self, release: ReleaseId, behaviour: Behaviour) {
        let mut state = self.state();
        state.releases.insert(release);
        state.behaviours.insert(release, behaviour);
    }

    /// Lets the host process die.
    pub fn crash(&self, crash: Crash) {
        let mut state = self.state();
        state.records = 0;
        state.crash = Some(crash);
    }

    /// Lets one effect fail: the one with this number, counted from now.
    pub fn fail(&self, effect: usize) {
        let mut state = self.state();
        state.effects = 0;
        state.fail = Some(effect);
    }

    /// Counts from here on; answers how many records were written and effects tried since the last time.
    pub fn count(&self) -> (usize, usize) {
        let mut state = self.state();
        (std::mem::take(&mut state.records), std::mem::take(&mut state.effects))
    }

    /// The releases of the slots that run, by slot.
    #[must_use]
    pub fn running(&self) -> BTreeMap<SlotId, ReleaseId> {
        self.state().running.iter().map(|((_, slot), row)| (slot.clone(), row.release)).collect()
    }

    /// The release that each route leads to, by component.
    #[must_use]
    pub fn routed(&self) -> BTreeMap<ComponentName, ReleaseId> {
        let state = self.state();
        let behind = |route: &Route| state.behind(route).map(|row| row.release);
        state.routes.iter().filter_map(|route| Some((route.component.clone(), behind(route)?))).collect()
    }

    /// The releases that are laid out.
    #[must_use]
    pub fn staged(&self) -> BTreeSet<ReleaseId> {
        self.state().staged.iter().map(|(_, _, release)| *release).collect()
    }

    /// What happened that never may: a route that led nowhere.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }
}

impl State {
    /// The running slot that a route leads to.
    pub(super) fn behind(&self, route: &Route) -> Option<&SlotRow> {
        let Upstream::Slot { address, .. } = &route.upstream else { return None };
        self.running.values().find(|row| row.port == address.port())
    }

    /// Notes a route that leads to nothing that runs.
    pub(super) fn judge(&mut self, after: &str) {
        let lost: Vec<String> = self.routes.iter().filter(|route| self.behind(route).is_none()).map(|route| route.component.to_string()).collect();
        self.violations.extend(lost.into_iter().map(|component| format!("after {after}, the route of {component} leads nowhere")));
    }
}
