//! The machine: what is there, whatever happens to the host process that made it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use plimsoll_host::database::Levels;
use plimsoll_host::enrol::Record;
use plimsoll_host::ledger::{ComponentRow, SlotRow};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Applied;
use plimsoll_model::deployment::{DeploymentRecord, Event, Stage};
use plimsoll_model::plan::OpenDeployment;
use plimsoll_model::route::{Route, Upstream};
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{ComponentName, ConfigHash, DeploymentId, Digest, EnvironmentKey, HostName, ReleaseId, Secret, SlotId};

use super::books::Books;
use super::logs::Lines;
use tokio::sync::Notify;

use super::chronicle::Chronicle;
use super::fault::{Crash, EffectFault, Faults, RecordFault};
use super::tempo::Tempo;

/// How the slots of a release behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// They answer.
    Serves,
    /// They answer this long after they were started, in milliseconds.
    Slow(u64),
    /// They run and never answer.
    NeverHealthy,
    /// Their program ends at once.
    ExitsAtOnce,
    /// They answer, and their program ends this long after it was started, in milliseconds, again and again.
    Dies(u64),
}

/// A machine in memory. Clones are the same machine.
#[derive(Clone)]
pub struct Machine {
    name: HostName,
    chronicle: Chronicle,
    state: Arc<Mutex<State>>,
    wrote: Arc<Notify>,
    lost: Arc<Notify>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) books: Books,
    /// With their files.
    pub(super) releases: BTreeMap<ReleaseId, BTreeSet<Digest>>,
    pub(super) files: BTreeSet<Digest>,
    pub(super) staged: BTreeSet<(EnvironmentKey, ComponentName, ReleaseId)>,
    pub(super) running: BTreeMap<(EnvironmentKey, SlotId), Process>,
    /// What a slot leaves on disk until it is forgotten.
    pub(super) folders: BTreeSet<(EnvironmentKey, SlotId)>,
    pub(super) routes: Vec<Route>,
    /// The proxy runs.
    pub(super) proxied: bool,
    /// What slots wrote.
    pub(super) logs: Lines,
    /// Slots that requests may be under way in.
    pub(super) undrained: BTreeSet<String>,
    pub(super) runs: BTreeMap<(EnvironmentKey, DeploymentId), String>,
    pub(super) certificates: BTreeSet<(EnvironmentKey, Digest)>,
    pub(super) enrolments: BTreeMap<(EnvironmentKey, Digest), Record>,
    /// The migrations that each database has.
    pub(super) databases: BTreeMap<String, Vec<Applied>>,
    /// The backups of each, the oldest first.
    pub(super) backups: BTreeMap<(EnvironmentKey, ComponentName), Vec<Backup>>,
    pub(super) secrets: BTreeMap<(EnvironmentKey, ComponentName, ConfigHash), BTreeMap<String, Secret<String>>>,
    pub(super) behaviours: BTreeMap<ReleaseId, Behaviour>,
    /// What the slots of a release write when they start, and answer.
    pub(super) words: BTreeMap<ReleaseId, String>,
    /// The port of the slot that was lost last and was not started again.
    pub(super) vanished: Option<u16>,
    /// Ports that programs of others listen on.
    pub(super) occupied: BTreeSet<u16>,
    pub(super) faults: Faults,
    pub(super) tempo: Tempo,
    pub(super) levels: BTreeMap<(EnvironmentKey, ComponentName), Levels>,
    /// How far the clock is ahead, in milliseconds.
    pub(super) ahead_ms: i64,
    /// Makes effects take some time each; none when absent.
    pub(super) pace: Option<u64>,
}

/// A slot that is kept running.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) row: SlotRow,
    pub(super) since_ms: u64,
    /// It was brought back by a host that started, and may not answer yet.
    pub(super) restored: bool,
    /// Its program hangs.
    pub(super) frozen: bool,
    /// Its program has done what it was started for.
    pub(super) once: bool,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new(HostName::local(), Chronicle::default())
    }
}

impl Machine {
    /// A machine with nothing on it, in the world that `chronicle` is of.
    #[must_use]
    pub fn new(name: HostName, chronicle: Chronicle) -> Self {
        Self { name, chronicle, state: Arc::default(), wrote: Arc::default(), lost: Arc::default() }
    }

    /// What the host on it is called.
    #[must_use]
    pub fn name(&self) -> &HostName {
        &self.name
    }

    /// What happened in its world.
    #[must_use]
    pub fn chronicle(&self) -> &Chronicle {
        &self.chronicle
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no one panics while holding it")
    }

    /// Tells that a slot wrote something.
    pub(super) fn wrote(&self) -> &Notify {
        &self.wrote
    }

    /// Told when a slot was lost.
    pub(super) fn lost(&self) -> &Notify {
        &self.lost
    }

    /// Has the files of a release, whose slots will behave so.
    pub fn has(&self, release: ReleaseId, behaviour: Behaviour) {
        self.behaves(release, behaviour);
        self.state().releases.insert(release, BTreeSet::new());
    }

    /// The slots of a release, whenever it arrives, will behave so.
    pub fn behaves(&self, release: ReleaseId, behaviour: Behaviour) {
        self.state().behaviours.insert(release, behaviour);
    }

    /// The slots of a release write this when they start, and answer with it.
    pub fn says(&self, release: ReleaseId, words: String) {
        self.state().words.insert(release, words);
    }

    /// Lets the program of the slot that has this port hang from now on.
    pub fn freeze(&self, port: u16) {
        self.state().running.values_mut().filter(|process| process.row.port == port).for_each(|process| process.frozen = true);
    }

    /// Lets a program of somebody else listen on a port.
    pub fn occupy(&self, port: u16) {
        self.state().occupied.insert(port);
    }

    /// What answers at a port, routed or not: the words of its release.
    #[must_use]
    pub fn answer(&self, port: u16) -> Option<String> {
        let now = self.chronicle.now_ms();
        let state = self.state();
        let process = state.at_port(port).filter(|process| state.is_well(process, now))?;
        Some(state.words.get(&process.row.release).cloned().unwrap_or_default())
    }

    /// Lets effects and records take a few milliseconds each, the same ones in each run with the same `pace`.
    pub fn pace(&self, pace: u64) {
        self.state().pace = Some(pace);
    }

    /// Lets the host process die.
    pub fn crash(&self, crash: Crash) {
        let mut state = self.state();
        state.faults.records_seen = 0;
        state.faults.records.insert(crash.record, RecordFault::Dies(crash.moment));
    }

    /// Lets one effect fail: the one with this number, counted from now.
    pub fn fail(&self, effect: usize) {
        let mut state = self.state();
        state.faults.effects_seen = 0;
        state.faults.effects.insert(effect, EffectFault::Fails(1));
    }

    /// Counts records and effects from here on, and lets what was still to go wrong go well.
    pub fn calm(&self) {
        self.state().faults = Faults::default();
    }

    /// Lets a record go wrong, by its number since the last calm.
    pub fn spoil_record(&self, record: usize, fault: RecordFault) {
        self.state().faults.records.insert(record, fault);
    }

    /// Lets an effect go wrong, by its number since the last calm.
    pub fn spoil_effect(&self, effect: usize, fault: EffectFault) {
        self.state().faults.effects.insert(effect, fault);
    }

    /// Fills the disk, for so many milliseconds from now.
    pub fn fill_disk(&self, for_ms: u64) {
        let until = self.chronicle.now_ms() + for_ms;
        self.state().faults.full_until_ms = until;
    }

    /// Lets the clock jump.
    pub fn jump(&self, by_ms: i64) {
        self.state().ahead_ms += by_ms;
    }

    /// All programs end, as when the machine is started again. What is on disk stays; the host process has to be killed as well.
    pub fn reboot(&self) {
        self.state().running.clear();
    }

    /// The slot with this number, modulo theirs, runs no more, as when what keeps it running is killed.
    pub fn lose(&self, slot: usize) {
        let mut state = self.state();
        let place = state.running.keys().cycle().nth(slot % state.running.len().max(1)).cloned();
        if let Some(process) = place.and_then(|place| state.running.remove(&place)) {
            state.vanished = Some(process.row.port);
            self.lost.notify_one();
        }
    }

    /// Counts from here on; answers how many records were written and effects tried since the last time.
    pub fn count(&self) -> (usize, usize) {
        let faults = &mut self.state().faults;
        (std::mem::take(&mut faults.records_seen), std::mem::take(&mut faults.effects_seen))
    }

    /// The time that its clock shows.
    #[must_use]
    pub fn clock(&self) -> Time {
        let ahead_ms = self.state().ahead_ms;
        Time(self.chronicle.now().0 + ahead_ms)
    }

    /// The releases of the slots that run, by slot.
    #[must_use]
    pub fn running(&self) -> BTreeMap<SlotId, ReleaseId> {
        self.state().running.iter().map(|((_, slot), process)| (slot.clone(), process.row.release)).collect()
    }

    /// The slots that have left something on disk.
    #[must_use]
    pub fn folders(&self) -> BTreeSet<SlotId> {
        self.state().folders.iter().map(|(_, slot)| slot.clone()).collect()
    }

    /// The release that each route leads to, by component.
    #[must_use]
    pub fn routed(&self) -> BTreeMap<ComponentName, ReleaseId> {
        let state = self.state();
        let behind = |route: &Route| state.behind(route).map(|process| process.row.release);
        state.routes.iter().filter_map(|route| Some((route.component.clone(), behind(route)?))).collect()
    }

    /// The routes.
    #[must_use]
    pub fn routes(&self) -> Vec<Route> {
        self.state().routes.clone()
    }

    /// Whether what a route leads to would answer now.
    #[must_use]
    pub fn answers(&self, component: &ComponentName) -> bool {
        let now = self.chronicle.now_ms();
        let state = self.state();
        state.routes.iter().find(|route| route.component == *component).is_some_and(|route| state.would_answer(&route.upstream, now))
    }

    /// The releases that are laid out.
    #[must_use]
    pub fn staged(&self) -> BTreeSet<ReleaseId> {
        self.state().staged.iter().map(|(_, _, release)| *release).collect()
    }

    /// Whether every slot of `key` runs that shall run.
    #[must_use]
    pub fn is_complete(&self, key: &EnvironmentKey) -> bool {
        let running = self.running();
        self.rows(key).values().flat_map(|row| &row.slots).all(|slot| !slot.running || running.contains_key(&slot.slot))
    }

    /// The configurations of which values of secrets are kept.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<(ComponentName, ConfigHash)> {
        self.state().secrets.keys().map(|(_, component, config)| (component.clone(), *config)).collect()
    }

    /// What is on record of the components of an environment.
    #[must_use]
    pub fn rows(&self, key: &EnvironmentKey) -> BTreeMap<ComponentName, ComponentRow> {
        self.state().books.rows(key)
    }

    /// The deployments on record, the newest first.
    #[must_use]
    pub fn history(&self, key: &EnvironmentKey) -> Vec<DeploymentRecord> {
        self.state().books.history(key, usize::MAX)
    }

    /// The journal of a deployment, with its times.
    #[must_use]
    pub fn journal(&self, id: &DeploymentId) -> Vec<(Time, Event)> {
        self.state().books.timed(id)
    }

    /// The deployments that are not closed.
    #[must_use]
    pub fn open(&self) -> Vec<OpenDeployment> {
        let now = self.clock();
        let open = |record: &DeploymentRecord, lease_until: Time| OpenDeployment {
            id: record.id.clone(),
            holder: record.holder.clone(),
            stage: record.stage.clone(),
            lease_until,
            expired: lease_until <= now,
        };
        self.state().books.unsettled().map(|stored| open(&stored.record, stored.lease_until)).collect()
    }

    /// Why the chain of the audit log is broken, if it is.
    #[must_use]
    pub fn audit_break(&self) -> Option<String> {
        self.state().books.audit.verify().err().map(|damage| damage.to_string())
    }

    /// What happened that never may.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.chronicle.violations().into_iter().map(|violation| violation.what).collect()
    }
}

impl State {
    /// The running slot that a route leads to.
    pub(super) fn behind(&self, route: &Route) -> Option<&Process> {
        let Upstream::Slot { address, .. } = &route.upstream else { return None };
        self.running.values().find(|process| process.row.port == address.port())
    }

    /// The running slot that is reached at a port: through a route, or by itself.
    pub(super) fn at_port(&self, port: u16) -> Option<&Process> {
        match self.routes.iter().find(|route| route.spec.matches.port == port) {
            Some(route) => self.behind(route),
            None => self.running.values().find(|process| process.row.port == port),
        }
    }

    /// The running slot that has this port.
    pub(super) fn slot_at(&self, port: u16) -> Option<SlotId> {
        self.running.values().find(|process| process.row.port == port).map(|process| process.row.slot.clone())
    }

    pub(super) fn behaviour(&self, row: &SlotRow) -> Behaviour {
        self.behaviours.get(&row.release).copied().unwrap_or(Behaviour::Serves)
    }

    /// Whether a slot answers at this time, in milliseconds since the world began.
    pub(super) fn is_well(&self, process: &Process, now_ms: u64) -> bool {
        let age_ms = now_ms.saturating_sub(process.since_ms);
        match self.behaviour(&process.row) {
            _ if process.frozen => false,
            Behaviour::Serves => true,
            Behaviour::Slow(ms) => age_ms >= ms,
            Behaviour::Dies(ms) => age_ms < ms,
            Behaviour::NeverHealthy | Behaviour::ExitsAtOnce => false,
        }
    }

    /// Whether what a route leads to answers.
    pub(super) fn would_answer(&self, upstream: &Upstream, now_ms: u64) -> bool {
        match upstream {
            Upstream::Slot { address, .. } => {
                self.running.values().any(|process| process.row.port == address.port() && self.is_well(process, now_ms))
            }
            Upstream::Site { root } => self.staged.iter().any(|(_, component, release)| root.starts_with(folder(component, release))),
        }
    }
}

/// Where a release is laid out.
pub(super) fn folder(component: &ComponentName, release: &ReleaseId) -> std::path::PathBuf {
    format!("/{component}/{release}").into()
}

/// A deployment that goes on.
pub(super) fn is_open(stage: &Stage) -> bool {
    !matches!(stage, Stage::Closed { .. })
}
