//! Machines that are as hosts were seen: what they have on record, what runs there, and where their traffic goes.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::SecretValues;
use plimsoll_host::database::{Address, Place};
use plimsoll_host::enrol::Record;
use plimsoll_host::ledger::{ComponentRow, SlotRow, Stored};
use plimsoll_model::database::Location;
use plimsoll_model::deployment::{DeploymentRecord, Holder, Outcome, Stage};
use plimsoll_model::plan::{DatabaseAt, Desired, Intent, Observed, ObservedComponent, PLAN_VERSION, Plan, PortUse};
use plimsoll_model::route::Tls;
use plimsoll_model::slot::{Condition, ObservedSlot, ProcessSpec};
use plimsoll_model::source::Source;
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{ComponentName, ConfigHash, DeploymentId, EnvironmentKey, HostName, Secret};

use super::effects::databases::name;
use super::machine::State;
use super::{Chronicle, Machine};

/// How long a certificate that a host is taken to have is valid, in milliseconds: 60 days.
const CERTIFICATE_MS: u64 = 60 * 24 * 60 * 60 * 1_000;

/// What a machine is to be like.
pub struct Likeness<'a> {
    /// The environment that was looked at. Nothing else is on the machine.
    pub key: &'a EnvironmentKey,
    /// How the host was seen.
    pub seen: &'a Observed,
    /// What is to be reached: its releases are there, and its databases are those that were seen.
    pub desired: &'a Desired,
    /// How to run each slot that was seen, by its configuration.
    pub specs: &'a BTreeMap<(ComponentName, ConfigHash), ProcessSpec>,
}

/// What stands in the place of each value of a secret: the world never has one.
#[must_use]
pub fn stand_ins(secrets: &SecretValues) -> SecretValues {
    let of = |component: &ComponentName, values: &BTreeMap<String, _>| values.keys().map(|name| (name.clone(), stand_in(component, name))).collect();
    SecretValues(secrets.0.iter().map(|(component, values)| (component.clone(), of(component, values))).collect())
}

fn stand_in(component: &ComponentName, name: &str) -> Secret<String> {
    Secret::new(format!("{component}/{name}"))
}

impl Machine {
    /// A machine that is like a host was seen, in the world that `chronicle` is of.
    #[must_use]
    pub fn like(host: HostName, chronicle: Chronicle, likeness: &Likeness<'_>) -> Self {
        let machine = Self::new(host, chronicle);
        machine.become_like(likeness);
        machine
    }

    fn become_like(&self, likeness: &Likeness<'_>) {
        let now = self.clock();
        let mut state = self.state();
        let Likeness { key, seen, desired, .. } = *likeness;
        state.occupied = seen.ports.iter().filter(|(_, by)| **by == PortUse::Other).map(|(port, _)| *port).collect();
        state.releases.extend(desired.on(self.name()).map(|(_, wanted)| (wanted.release, BTreeSet::new())));
        for (component, seen) in &seen.components {
            state.have(likeness, component, seen, now);
        }
        for (database, at) in desired.databases(self.name()) {
            let applied = seen.databases.get(database).cloned().unwrap_or_default();
            state.databases.insert(name(&place(key, database, &at)), applied);
        }
        let wanted = desired.on(self.name()).filter_map(|(_, wanted)| wanted.route.as_ref()?.tls.as_ref());
        let served = seen.components.values().filter_map(|seen| seen.served.as_ref()?.route.as_ref()?.tls.as_ref());
        for tls in served.chain(wanted.filter(|tls| tls.enrolment.is_some())) {
            state.show(key, tls, now);
        }
    }
}

impl State {
    /// Has what was seen of a component.
    fn have(&mut self, likeness: &Likeness<'_>, component: &ComponentName, seen: &ObservedComponent, now: Time) {
        let key = likeness.key;
        let laid_out =
            seen.staged.iter().copied().chain(seen.served.iter().map(|served| served.release)).chain(seen.slots.iter().map(|slot| slot.release));
        for release in laid_out {
            self.releases.insert(release, BTreeSet::new());
            self.staged.insert((key.clone(), component.clone(), release));
        }
        let slots = seen.slots.iter().filter_map(|slot| row(likeness, component, slot)).collect::<Vec<_>>();
        for slot in &slots {
            let values = slot.spec.secrets.keys().map(|name| (name.clone(), stand_in(component, name))).collect();
            self.secrets.insert((key.clone(), component.clone(), slot.config), values);
            self.folders.insert((key.clone(), slot.slot.clone()));
        }
        if let Some(DatabaseAt { location: Location::Server { url, .. }, config, .. }) = seen.served.as_ref().and_then(|served| served.database()) {
            self.secrets.insert((key.clone(), component.clone(), config), BTreeMap::from([(url.clone(), stand_in(component, &url))]));
        }
        for id in seen.served.iter().filter_map(|served| served.deployment.clone()) {
            self.books.remember(past(id, likeness, now));
        }
        let since = seen.served.as_ref().map(|_| now);
        let row = ComponentRow { served: seen.served.clone(), slots, next_slot: seen.next_slot, staged: seen.staged.clone(), since };
        self.books.put(key, component, row);
    }

    /// Has the certificate that a route shows.
    fn show(&mut self, key: &EnvironmentKey, tls: &Tls, now: Time) {
        self.certificates.insert((key.clone(), tls.certificate));
        if let Some(enrolment) = &tls.enrolment {
            let record = Record::of(tls.certificate, now.plus(CERTIFICATE_MS));
            self.enrolments.insert((key.clone(), enrolment.digest()), record);
        }
    }
}

/// What is on record of a deployment that made something serve: of what else it did nothing is known here, and nothing is asked.
fn past(id: DeploymentId, likeness: &Likeness<'_>, now: Time) -> Stored {
    let (key, source, desired) = (likeness.key.clone(), Source::default(), Desired::default());
    let plan = Plan {
        version: PLAN_VERSION,
        key: key.clone(),
        intent: Intent::Deploy,
        source: source.clone(),
        home: HostName::local(),
        lease_ms: 0,
        levels: Vec::new(),
        policy: None,
        expects: BTreeMap::new(),
        desired: desired.clone(),
    };
    let record = DeploymentRecord {
        id,
        key,
        plan: plan.hash(),
        intent: Intent::Deploy,
        source,
        holder: Holder { user: "unknown".into(), machine: "unknown".into(), pid: 0, surface: "simulation".into() },
        reason: None,
        idempotency_key: None,
        approval: None,
        started_at: now,
        ended_at: Some(now),
        stage: Stage::Closed { outcome: Outcome::Committed },
        failure: None,
        components: Vec::new(),
        leftovers: Vec::new(),
        desired,
    };
    Stored { record, plan, host: HostName::local(), lease_until: now, journal: Vec::new() }
}

/// What is on record of a slot.
fn row(likeness: &Likeness<'_>, component: &ComponentName, slot: &ObservedSlot) -> Option<SlotRow> {
    let spec = likeness.specs.get(&(component.clone(), slot.config))?.clone();
    Some(SlotRow {
        key: likeness.key.clone(),
        component: component.clone(),
        slot: slot.slot.clone(),
        release: slot.release,
        config: slot.config,
        spec,
        port: slot.port,
        running: slot.condition != Condition::Stopped,
    })
}

/// Where a host looks for a database.
fn place(key: &EnvironmentKey, database: &ComponentName, at: &DatabaseAt) -> Place {
    let address = match &at.location {
        Location::File { component, path } => Address::File { folder: shared(key, component), path: path.clone() },
        Location::Server { url, user } => Address::Server { url: stand_in(database, url), user: user.clone() },
    };
    Place { engine: at.engine, address }
}

/// What a component shares between its releases.
pub(super) fn shared(key: &EnvironmentKey, component: &ComponentName) -> std::path::PathBuf {
    format!("/shared/{key}/{component}").into()
}
