//! What may be done to a machine: nothing that no step under way has asked for, and nothing that takes away what serves.

use plimsoll_host::ledger::SlotRow;
use plimsoll_host::route::slot_name;
use plimsoll_model::SlotId;
use plimsoll_model::plan::{Phase, Served, Step, Target};
use plimsoll_model::route::{Route, Upstream};

use super::books::Active;
use super::chronicle::Invariant;
use super::deed::Deed;
use super::machine::{Behaviour, Process, State, folder};

type Objection = (Invariant, String);

impl State {
    /// What stands against doing this now. A host brings back what is on record: whatever that is when it starts, and what is in no
    /// deployment's hands at any time.
    pub(super) fn objections(&self, deed: &Deed, starting: bool, now_ms: u64) -> Vec<Objection> {
        let mut found = Vec::new();
        let explained = deed.is_free() || self.is_asked_for(deed) || (starting || self.books.unsettled().next().is_none()) && self.is_on_record(deed);
        if !explained {
            found.push((Invariant::Plan, format!("{deed}, and no step that is under way asks for it")));
        }
        match deed {
            Deed::Start(slot) => {
                let beside = self.running.values().map(|process| &process.row).find(|row| row.slot != *slot && self.is_alone(row, slot));
                found.extend(beside.map(|row| (Invariant::Plan, format!("{deed}, beside {}, and only one of them may run", row.slot))));
            }
            Deed::Stop(slot) => {
                let process = self.running.iter().find(|((_, name), _)| name == slot).map(|((key, _), process)| (slot_name(key, slot), process));
                found.extend(process.and_then(|(name, process)| self.against_stopping(&name, process, now_ms)));
            }
            Deed::Unstage(component, release) => {
                let files = folder(component, release);
                let site = |route: &Route| matches!(&route.upstream, Upstream::Site { root } if root.starts_with(&files));
                let runs = self.running.values().any(|process| process.row.component == *component && process.row.release == *release);
                let used = runs || self.routes.iter().any(site);
                found.extend(used.then(|| (Invariant::Route, format!("{deed}, which is in use"))));
            }
            Deed::Forget(slot) => {
                let runs = self.running.keys().any(|(_, name)| name == slot);
                found.extend(runs.then(|| (Invariant::Leftover, format!("{deed}, which still runs"))));
            }
            _ => {}
        }
        found
    }

    /// What stands against these routes: each that changes must have been asked for, and lead to what answers.
    pub(super) fn against_routes(&self, routes: &[Route], starting: bool, now_ms: u64) -> Vec<Objection> {
        let find =
            |table: &[Route], route: &Route| table.iter().find(|other| (&other.key, &other.component) == (&route.key, &route.component)).cloned();
        let same = |a: &Route, b: &Route| (&a.spec, &a.upstream) == (&b.spec, &b.upstream);
        let arrived = routes.iter().filter(|route| !find(&self.routes, route).is_some_and(|before| same(&before, route)));
        let gone = self.routes.iter().filter(|route| find(routes, route).is_none());
        let mut found: Vec<Objection> = arrived.filter_map(|route| self.against_route(route, Some(route), starting, now_ms)).collect();
        found.extend(gone.filter_map(|route| self.against_route(route, None, starting, now_ms)));
        found
    }

    fn against_route(&self, of: &Route, after: Option<&Route>, starting: bool, now_ms: u64) -> Option<Objection> {
        let switch = self.books.active().find(|active| (active.key, &active.at.component) == (&of.key, &of.component) && leads(active, after));
        // A table that a proxy may not have taken is told to it again.
        if switch.is_none() && !self.is_recorded(of, after) {
            let to = after.map_or("nowhere".into(), |route| format!("{:?}", route.upstream));
            return Some((Invariant::Plan, format!("the route of {} is switched to {to}, and no step that is under way asks for it", of.component)));
        }
        let restored = starting || switch.as_ref().is_some_and(|switch| switch.undo && switch.runs_once);
        let after = after.filter(|route| !restored && !self.is_excused(route) && !self.would_answer(&route.upstream, now_ms))?;
        Some((Invariant::Route, format!("the route of {} is switched to {:?}, which does not answer", of.component, after.upstream)))
    }

    /// Whether `slot` is of the same component as `row`, and that cannot run twice.
    fn is_alone(&self, row: &SlotRow, slot: &SlotId) -> bool {
        let is_same = slot.as_str().rsplit_once('-').is_some_and(|(component, _)| component == row.component.as_str());
        is_same && self.books.is_run_once(&row.key, &row.component)
    }

    fn is_asked_for(&self, deed: &Deed) -> bool {
        self.books.active().any(|active| deed.is_asked_by(&active.at.component, active.step, active.undo))
    }

    /// Whether a step is to start it: else it is brought back.
    pub(super) fn is_started_by_a_step(&self, deed: &Deed) -> bool {
        let starts = |active: &Active<'_>| !matches!(active.step, Step::Switch { .. });
        self.books.active().filter(starts).any(|active| deed.is_asked_by(&active.at.component, active.step, active.undo))
    }

    fn is_on_record(&self, deed: &Deed) -> bool {
        let Deed::Start(slot) = deed else { return false };
        self.books.all_rows().any(|(_, _, row)| row.slots.iter().any(|row| row.slot == *slot && row.running))
    }

    fn is_recorded(&self, of: &Route, after: Option<&Route>) -> bool {
        let served = self.books.all_rows().find(|(key, component, _)| (*key, *component) == (&of.key, &of.component));
        let served = served.and_then(|(_, _, row)| row.served.as_ref()).filter(|served| served.route.is_some());
        match (served, after) {
            (Some(served), Some(route)) => is_served(served, route),
            (None, None) => true,
            _ => false,
        }
    }

    /// A slot that dies by itself, that is only just being brought back, that was lost just now, or that is the gap of a component which cannot
    /// run twice, may be routed to.
    fn is_excused(&self, route: &Route) -> bool {
        let Upstream::Slot { address, .. } = &route.upstream else { return false };
        if self.vanished == Some(address.port()) || self.books.is_gap(&route.key, &route.component, address.port()) {
            return true;
        }
        let dies = |process: &Process| process.restored || matches!(self.behaviour(&process.row), Behaviour::Dies(_));
        self.behind(route).is_some_and(dies)
    }

    fn against_stopping(&self, name: &str, process: &Process, now_ms: u64) -> Option<Objection> {
        let leads_to = |route: &Route| matches!(&route.upstream, Upstream::Slot { slot, .. } if slot == name);
        let stops = |active: &Active<'_>| matches!(active.step, Step::StopSlot { slot, .. } if *slot == process.row.slot);
        let gap = self.books.active().any(|active| active.runs_once && active.at.phase == Phase::Switch && stops(&active));
        let slot = &process.row.slot;
        if self.routes.iter().any(leads_to) && !gap {
            return Some((Invariant::Route, format!("stops {slot}, which a route leads to")));
        }
        let busy = self.undrained.contains(name) && self.is_well(process, now_ms);
        busy.then(|| (Invariant::Route, format!("stops {slot}, in which requests are under way")))
    }
}

/// Whether what is under way switches the route so.
fn leads(active: &Active<'_>, after: Option<&Route>) -> bool {
    let Step::Switch { from, to } = active.step else { return false };
    let served = if active.undo { from } else { to };
    match (served.as_ref().filter(|served| served.route.is_some()), after) {
        (Some(served), Some(route)) => is_served(served, route),
        (None, None) => true,
        _ => false,
    }
}

fn is_served(served: &Served, route: &Route) -> bool {
    let leads = match (&served.target, &route.upstream) {
        (Target::Slot { slot }, Upstream::Slot { slot: name, .. }) => *name == slot_name(&route.key, slot),
        (Target::Site { root: within }, Upstream::Site { root }) => *root == within.under(&folder(&route.component, &served.release)),
        _ => false,
    };
    leads && served.route.as_ref() == Some(&route.spec)
}
