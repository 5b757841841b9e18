//! What is on record on a machine, and which steps are under way by it.

use std::collections::BTreeMap;

use plimsoll_host::Trouble;
use plimsoll_host::ledger::{Change, ComponentRow, StepTimes, Stored, Timed, medians, step_medians};
use plimsoll_model::audit::Deed;
use plimsoll_model::deployment::{DeploymentRecord, Event, Outcome, Progress, Stage};
use plimsoll_model::manifest::project::StrategyName;
use plimsoll_model::plan::{Observed, ObservedComponent, Step, StepRef};
use plimsoll_model::slot::{Condition, ObservedSlot};
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, SlotId, StateHash};

use super::approvals::Approvals;
use super::audit::AuditLog;
use super::machine::is_open;

/// How much later than its lease a deployment may still go forward, in milliseconds, beside one more lease: what was let pass is under way.
const SLACK_MS: u64 = 100;

/// How many of the last committed deployments tell how long one takes.
const LAST: usize = 10;

/// What is on record.
#[derive(Default)]
pub(super) struct Books {
    entries: BTreeMap<DeploymentId, Entry>,
    /// Deployments that were over before this world began.
    past: BTreeMap<DeploymentId, Stored>,
    components: BTreeMap<EnvironmentKey, BTreeMap<ComponentName, ComponentRow>>,
    pub(super) audit: AuditLog,
    pub(super) approvals: Approvals,
    /// When the host started last, by a right clock.
    pub(super) started: Option<Time>,
}

struct Entry {
    stored: Stored,
    /// The journal, with its times.
    timed: Vec<(Time, Event)>,
    /// When its lease was renewed last, by a right clock.
    renewed: Time,
    progress: Progress,
    /// The steps that are being done, or undone.
    active: BTreeMap<StepRef, bool>,
}

/// A step that is under way.
pub(super) struct Active<'a> {
    pub(super) key: &'a EnvironmentKey,
    pub(super) at: &'a StepRef,
    pub(super) step: &'a Step,
    pub(super) undo: bool,
    /// Its component cannot run twice.
    pub(super) runs_once: bool,
}

impl Books {
    /// Whether the slot behind this port was stopped by a deployment that is still open, as its component cannot run twice.
    pub(super) fn is_gap(&self, key: &EnvironmentKey, component: &ComponentName, port: u16) -> bool {
        let open = self.entries.values().find(|entry| entry.stored.record.key == *key && is_open(entry.progress.stage()));
        let row = self.components.get(key).and_then(|rows| rows.get(component));
        let stopped = row.is_some_and(|row| row.slots.iter().any(|slot| slot.port == port && !slot.running));
        stopped && open.is_some_and(|entry| entry.runs_once(component))
    }

    /// Whether an open deployment replaces a component that cannot run twice.
    pub(super) fn is_run_once(&self, key: &EnvironmentKey, component: &ComponentName) -> bool {
        let mut open = self.entries.values().filter(|entry| entry.stored.record.key == *key && is_open(entry.progress.stage()));
        open.any(|entry| entry.runs_once(component))
    }

    /// Adds a deployment; false when it was there.
    pub(super) fn begin(&mut self, stored: &Stored, now: Time) -> Result<bool, Trouble> {
        let refused = |why: String| Err(Trouble::new("ledger-write", why));
        if let Some(there) = self.entries.get(&stored.record.id) {
            let same = there.stored.record.plan == stored.record.plan;
            return if same { Ok(false) } else { refused(format!("{} is another deployment's name", stored.record.id)) };
        }
        if let Some(open) = self.unsettled().find(|open| open.record.key == stored.record.key) {
            return refused(format!("{} is open", open.record.id));
        }
        self.approvals.used(&stored.record)?;
        let steps = stored.plan.steps(&stored.host).map(|(at, _)| at);
        let entry = Entry { progress: Progress::begin(steps), stored: stored.clone(), timed: Vec::new(), renewed: now, active: BTreeMap::new() };
        self.entries.insert(stored.record.id.clone(), entry);
        self.components.entry(stored.record.key.clone()).or_default();
        self.audit.tell(stored.record.started_at, &Deed::begun(&stored.record));
        Ok(true)
    }

    /// Writes an event with what it changes; answers the stage after it.
    pub(super) fn append(&mut self, id: &DeploymentId, at: Time, event: &Event, changes: &[Change]) -> Result<Stage, Trouble> {
        let entry = self.entries.get_mut(id).ok_or_else(|| Trouble::new("ledger-write", format!("no deployment {id}")))?;
        let stage = entry.append(at, event)?;
        changes.iter().for_each(|change| self.change(at, change));
        Ok(stage)
    }

    pub(super) fn renew(&mut self, id: &DeploymentId, until: Time, now: Time) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.stored.lease_until = until;
            entry.renewed = now;
        }
    }

    pub(super) fn stored(&self, id: &DeploymentId) -> Option<&Stored> {
        self.entries.get(id).map(|entry| &entry.stored).or_else(|| self.past.get(id))
    }

    pub(super) fn timed(&self, id: &DeploymentId) -> Vec<(Time, Event)> {
        self.entries.get(id).map(|entry| entry.timed.clone()).unwrap_or_default()
    }

    /// Puts a deployment on record that is over.
    pub(super) fn remember(&mut self, stored: Stored) {
        self.past.insert(stored.record.id.clone(), stored);
    }

    /// Puts it on record that there is such a component.
    pub(super) fn put(&mut self, key: &EnvironmentKey, component: &ComponentName, row: ComponentRow) {
        self.components.entry(key.clone()).or_default().insert(component.clone(), row);
    }

    pub(super) fn unsettled(&self) -> impl Iterator<Item = &Stored> {
        self.entries.values().map(|entry| &entry.stored).filter(|stored| is_open(&stored.record.stage))
    }

    pub(super) fn history(&self, key: &EnvironmentKey, limit: usize) -> Vec<DeploymentRecord> {
        let of_key = self.entries.values().rev().map(|entry| &entry.stored.record).filter(|record| record.key == *key);
        of_key.take(limit).cloned().collect()
    }

    pub(super) fn rows(&self, key: &EnvironmentKey) -> BTreeMap<ComponentName, ComponentRow> {
        self.components.get(key).cloned().unwrap_or_default()
    }

    pub(super) fn all_rows(&self) -> impl Iterator<Item = (&EnvironmentKey, &ComponentName, &ComponentRow)> {
        self.components.iter().flat_map(|(key, rows)| rows.iter().map(move |(component, row)| (key, component, row)))
    }

    pub(super) fn environments(&self) -> Vec<EnvironmentKey> {
        self.components.keys().cloned().collect()
    }

    /// How long components took, as the real ledger tells it.
    pub(super) fn durations(&self, key: &EnvironmentKey) -> BTreeMap<ComponentName, u64> {
        let journals: Vec<_> = self.last_committed(key).map(|entry| entry.timed.clone()).collect();
        medians(&journals)
    }

    /// How long sorts of steps took, as the real ledger tells it.
    pub(super) fn step_times(&self, key: &EnvironmentKey) -> StepTimes {
        let timed = |entry: &Entry| Timed { plan: entry.stored.plan.clone(), host: entry.stored.host.clone(), journal: entry.timed.clone() };
        let last: Vec<Timed> = self.last_committed(key).map(timed).collect();
        step_medians(&last)
    }

    fn last_committed(&self, key: &EnvironmentKey) -> impl Iterator<Item = &Entry> {
        let committed = move |entry: &&Entry| entry.stored.record.key == *key && entry.stored.record.outcome() == Outcome::Committed;
        self.entries.values().rev().filter(committed).take(LAST)
    }

    /// The steps that are under way, by what is on record.
    pub(super) fn active(&self) -> impl Iterator<Item = Active<'_>> {
        self.entries.values().filter(|entry| is_open(&entry.stored.record.stage)).flat_map(Entry::active)
    }

    /// Why a deployment must not begin now: the state is not the one that its plan expects.
    pub(super) fn is_stale(&self, stored: &Stored) -> Option<String> {
        if self.entries.contains_key(&stored.record.id) {
            return None;
        }
        let (expected, state) = (stored.plan.expects.get(&stored.host), self.state(&stored.record.key));
        (expected != Some(&state)).then(|| format!("{} begins on another state than its plan was made for", stored.record.id))
    }

    /// Why `event` must not happen: the lease had ended when it was let pass.
    pub(super) fn is_late(&self, id: &DeploymentId, event: &Event, now: Time) -> Option<String> {
        let Entry { stored, renewed, .. } = self.entries.get(id)?;
        let forward = stored.record.stage == Stage::Running && matches!(event, Event::Sealed | Event::Decided);
        // A host that starts again may have had its clock set: then what is left of a lease is one lease at most.
        let lease_ms = stored.plan.lease_ms;
        let late_ms = now.since(renewed.plus(lease_ms).max(self.started.unwrap_or(*renewed)).plus(lease_ms));
        (forward && late_ms > SLACK_MS).then(|| format!("{id} goes on {late_ms} ms after its lease ended"))
    }

    fn state(&self, key: &EnvironmentKey) -> StateHash {
        let components = self.rows(key).into_iter().map(|(name, row)| (name, observed(row))).collect();
        let nothing = Observed {
            platform: String::new(),
            components,
            releases: [].into(),
            ports: [].into(),
            foreign_routes: Vec::new(),
            one_protocol: false,
            databases: [].into(),
            disk_free_bytes: 0,
            open: None,
            policy: None,
            durations_ms: [].into(),
            steps_ms: [].into(),
        };
        nothing.state()
    }

    fn component(&mut self, key: &EnvironmentKey, component: &ComponentName) -> &mut ComponentRow {
        let rows = self.components.entry(key.clone()).or_default();
        rows.entry(component.clone()).or_insert_with(|| ComponentRow { next_slot: 1, ..ComponentRow::default() })
    }

    fn change(&mut self, at: Time, change: &Change) {
        match change {
            Change::Told(deed) => self.audit.tell(at, deed),
            Change::Slot(slot) => {
                let row = self.component(&slot.key, &slot.component);
                row.slots.retain(|other| other.slot != slot.slot);
                row.slots.push(slot.clone());
                row.slots.sort_by_key(|slot| number(&slot.slot));
                row.next_slot = row.next_slot.max(number(&slot.slot) + 1);
            }
            Change::SlotGone { key, slot } => {
                for row in self.components.entry(key.clone()).or_default().values_mut() {
                    row.slots.retain(|other| other.slot != *slot);
                }
            }
            Change::Staged { key, component, release } => touch(&mut self.component(key, component).staged, release, true),
            Change::Unstaged { key, component, release } => self.component(key, component).staged.retain(|other| other != release),
            Change::Served { key, component, served, since } => {
                let row = self.component(key, component);
                row.served = served.clone();
                row.since = served.as_ref().map(|_| *since);
                if let Some(served) = served {
                    touch(&mut row.staged, &served.release, false);
                }
            }
        }
    }
}

impl Entry {
    fn append(&mut self, at: Time, event: &Event) -> Result<Stage, Trouble> {
        self.progress.advance(event).map_err(|illegal| Trouble::new("ledger-write", illegal.to_string()))?;
        let stage = self.progress.stage().clone();
        self.stored.journal.push(event.clone());
        self.timed.push((at, event.clone()));
        let record = &mut self.stored.record;
        match event {
            Event::Intended { at } => drop(self.active.insert(at.clone(), false)),
            Event::Undoing { at } => drop(self.active.insert(at.clone(), true)),
            Event::Done { at } | Event::Undone { at } | Event::UndoFailed { at, .. } => drop(self.active.remove(at)),
            Event::Failed { at, failure } => {
                self.active.remove(at);
                record.leftovers.extend((stage == Stage::Committing).then(|| failure.clone()));
            }
            Event::RollingBack { failure } => {
                self.active.clear();
                record.failure = Some(failure.clone());
            }
            Event::Closed { .. } => record.ended_at = Some(at),
            Event::Sealed | Event::Decided => {}
        }
        record.stage = stage.clone();
        Ok(stage)
    }

    fn active(&self) -> impl Iterator<Item = Active<'_>> {
        self.active.iter().filter_map(|(at, undo)| {
            let work = self.stored.plan.part(&self.stored.host).nth(at.level as usize)?.iter().find(|work| work.component == at.component)?;
            let step = work.steps.of(at.phase).get(at.index as usize)?;
            Some(Active { key: &self.stored.record.key, at, step, undo: *undo, runs_once: self.runs_once(&at.component) })
        })
    }

    fn runs_once(&self, component: &ComponentName) -> bool {
        self.stored.plan.desired.components.get(component).is_some_and(|wanted| wanted.strategy == StrategyName::Recreate)
    }
}

/// The number in a slot's name.
fn number(slot: &SlotId) -> u32 {
    slot.as_str().rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Makes `release` the one that was used last.
fn touch(staged: &mut Vec<plimsoll_model::ReleaseId>, release: &plimsoll_model::ReleaseId, add: bool) {
    if add || staged.contains(release) {
        staged.retain(|other| other != release);
        staged.insert(0, *release);
    }
}

fn observed(row: ComponentRow) -> ObservedComponent {
    let slot = |row: plimsoll_host::ledger::SlotRow| ObservedSlot {
        slot: row.slot,
        release: row.release,
        config: row.config,
        port: row.port,
        condition: Condition::Running,
        restarts: 0,
        pid: None,
    };
    let slots = row.slots.into_iter().map(slot).collect();
    ObservedComponent { served: row.served, slots, next_slot: row.next_slot, staged: row.staged, needed: [].into() }
}
