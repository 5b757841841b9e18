//! Everything at rest: all hosts are as the last decision says, and nothing else is there.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::deployment::Outcome;
use plimsoll_model::plan::{DesiredComponent, DesiredKind};
use plimsoll_model::route::Upstream;
use plimsoll_model::{ComponentName, SlotId};
use plimsoll_testkit::world::{Invariant, Machine};

use plimsoll_model::plan::Desired;

use crate::operator::KEEP_RELEASES;
use crate::project::key;
use crate::stage::Stage;

/// How many releases may be staged beside the kept ones: what serves, what served, and what a rollback returns to.
const BESIDE: usize = 3;

/// Judges all hosts. `clean` says that a deployment of everything has just succeeded: then no excuse is left.
pub(crate) fn judge(stage: &Stage, clean: bool) {
    let live = stage.chronicle.protocol(|protocol| protocol.live().clone());
    for machine in stage.machines() {
        let found = Rest { machine, live: &live, clean }.found();
        found.into_iter().for_each(|(invariant, what)| stage.chronicle.violated(invariant, format!("at rest on {}: {what}", machine.name())));
    }
    judge_history(stage);
}

/// The home host tells of all deployments as they ended, the last one first.
fn judge_history(stage: &Stage) {
    let Some(home) = stage.machines().next() else { return };
    let history = home.history(&key());
    let (begun, decided) = stage.chronicle.protocol(|protocol| (protocol.begun().to_vec(), protocol.decided().to_vec()));
    let told: Vec<_> = history.iter().rev().map(|record| record.id.clone()).collect();
    if told != begun {
        stage.chronicle.violated(Invariant::Report, format!("the history tells of {told:?}, and what was begun is {begun:?}"));
    }
    for record in history.iter().filter(|record| (record.outcome() == Outcome::Committed) != decided.contains(&record.id)) {
        stage.chronicle.violated(Invariant::Report, format!("the history tells that {} is {}", record.id, record.outcome()));
    }
}

struct Rest<'a> {
    machine: &'a Machine,
    live: &'a Desired,
    clean: bool,
}

type Found = Vec<(Invariant, String)>;

impl Rest<'_> {
    fn found(&self) -> Found {
        let mut found = Found::new();
        self.components(&mut found);
        self.routes(&mut found);
        if self.clean || !self.has_leftovers() {
            self.leftovers(&mut found);
        }
        found.extend(self.machine.audit_break().map(|damage| (Invariant::Report, format!("the audit log is damaged: {damage}"))));
        found
    }

    /// A commit step that did not work was told as left over; the next deployment of the component sees to it.
    fn has_leftovers(&self) -> bool {
        self.machine.history(&key()).iter().any(|record| !record.leftovers.is_empty())
    }

    fn components(&self, found: &mut Found) {
        let rows = self.machine.rows(&key());
        let running = self.machine.running();
        let live: BTreeMap<_, _> = self.live.on(self.machine.name()).collect();
        let names: BTreeSet<&ComponentName> = rows.keys().chain(live.keys().copied()).collect();
        for name in names {
            let served = rows.get(name).and_then(|row| row.served.as_ref());
            match (live.get(name), served) {
                (None, None) => {}
                (Some(wanted), Some(served))
                    if (served.release, served.config, &served.route) == (wanted.release, wanted.config(), &wanted.route) =>
                {
                    let slot = served.target.slot();
                    if slot.is_some() != is_process(wanted) || slot.is_some_and(|slot| running.get(slot) != Some(&wanted.release)) {
                        found.push((Invariant::AtRest, format!("{name} is served by {slot:?}, and these run: {running:?}")));
                    }
                }
                (wanted, served) => {
                    let wanted = wanted.map(|wanted| wanted.release);
                    found.push((Invariant::AtRest, format!("{name} shall be {wanted:?} and is {:?}", served.map(|served| served.release))));
                }
            }
        }
    }

    fn routes(&self, found: &mut Found) {
        let rows = self.machine.rows(&key());
        let routes = self.machine.routes();
        let wanted: BTreeSet<&ComponentName> =
            self.live.on(self.machine.name()).filter(|(_, wanted)| wanted.route.is_some()).map(|(name, _)| name).collect();
        let there: BTreeSet<&ComponentName> = routes.iter().map(|route| &route.component).collect();
        if wanted != there {
            found.push((Invariant::AtRest, format!("there shall be routes for {wanted:?} and there are for {there:?}")));
        }
        for route in &routes {
            let Some(row) = rows.get(&route.component) else { continue };
            let Upstream::Slot { address, .. } = &route.upstream else { continue };
            let slot = row.served.as_ref().and_then(|served| served.target.slot());
            let port = row.slots.iter().find(|row| Some(&row.slot) == slot).map(|row| row.port);
            if port != Some(address.port()) {
                found.push((Invariant::AtRest, format!("the route of {} leads to {address}, and {slot:?} has port {port:?}", route.component)));
            }
        }
    }

    fn leftovers(&self, found: &mut Found) {
        let rows = self.machine.rows(&key());
        let serving: BTreeSet<SlotId> = rows.values().filter_map(|row| row.served.as_ref()?.target.slot().cloned()).collect();
        let on_record: BTreeSet<SlotId> = rows.values().flat_map(|row| row.slots.iter().map(|row| row.slot.clone())).collect();
        let running: BTreeSet<SlotId> = self.machine.running().into_keys().collect();
        let folders = self.machine.folders();
        for (what, there) in [("are on record", on_record), ("run", running), ("have folders", folders)] {
            if there != serving {
                found.push((Invariant::Leftover, format!("these slots serve: {serving:?}; these {what}: {there:?}")));
            }
        }
        let staged: BTreeSet<_> = rows.values().flat_map(|row| row.staged.iter().copied()).collect();
        if staged != self.machine.staged() {
            found.push((Invariant::Leftover, format!("on record as laid out is {staged:?}, and laid out is {:?}", self.machine.staged())));
        }
        let most = KEEP_RELEASES as usize + BESIDE;
        let many = rows.iter().filter(|(_, row)| row.staged.len() > most);
        found.extend(many.map(|(name, row)| (Invariant::Leftover, format!("{} releases of {name} are laid out", row.staged.len()))));
        if self.clean {
            self.secrets(found);
        }
    }

    /// Values are kept for what runs, and for what a rollback may return to.
    fn secrets(&self, found: &mut Found) {
        let history = self.machine.history(&key());
        let named = history.iter().flat_map(|record| record.desired.on(self.machine.name()));
        let needed: BTreeSet<_> = named.map(|(name, wanted)| (name.clone(), wanted.config())).collect();
        let spare: Vec<_> = self.machine.secrets().difference(&needed).cloned().collect();
        if !spare.is_empty() {
            found.push((Invariant::Leftover, format!("values of secrets are kept for {spare:?}")));
        }
    }
}

fn is_process(wanted: &DesiredComponent) -> bool {
    matches!(wanted.kind, DesiredKind::Process(_))
}
