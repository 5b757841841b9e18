//! Playing a plan: the engine and the hosts as they are, on machines in memory that are like those that were seen, in a time that passes at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_api::{Certificates, HostApi, HostError, SecretValues};
use plimsoll_engine::{Conduct, Ended, Fleet, Milestone, Outside, RouteCheck};
use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::deployment::{DeploymentRecord, Event, Failure, Holder};
use plimsoll_model::plan::{DesiredKind, Observed, Plan, StepRef};
use plimsoll_model::slot::{Limits, ProcessSpec};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, ConfigHash, DeploymentId, HostName, PlanHash};
use plimsoll_world::{Chronicle, Likeness, Machine, SimHost, stand_ins};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::subscriber::NoSubscriber;

use super::estimate::Estimates;
use crate::{Exit, OpError};

/// What is to be played, and where.
pub(super) struct Scene {
    /// Names the plan of which this is played.
    pub(super) hash: PlanHash,
    pub(super) plan: Plan,
    pub(super) seen: BTreeMap<HostName, Observed>,
    pub(super) specs: BTreeMap<(ComponentName, ConfigHash), ProcessSpec>,
    pub(super) secrets: SecretValues,
    pub(super) certificates: Certificates,
    pub(super) estimates: Estimates,
    pub(super) holder: Holder,
    /// When it begins.
    pub(super) now: Moment,
}

/// A step on a host.
pub(super) type Place = (HostName, StepRef);

/// What came of it.
pub(super) struct Played {
    pub(super) ended: Ended,
    /// What each host wrote into its journal, with the milliseconds since the beginning.
    pub(super) journals: BTreeMap<HostName, Vec<(u64, Event)>>,
}

/// Plays a scene; with `broken`, that step fails.
///
/// # Errors
/// A host refused to begin.
pub(super) async fn play(scene: Arc<Scene>, broken: Option<Place>) -> Result<Played, OpError> {
    // Its time is another one than ours, so it needs a runtime of its own. What its hosts log has not happened.
    let work = move || tracing::subscriber::with_default(NoSubscriber::default(), || scene.begin(broken.as_ref()));
    let played = tokio::task::spawn_blocking(work).await;
    played.map_err(|error| OpError::new(Exit::Failed, "simulation-broken", format!("the simulation broke off: {error}")))?
}

impl Scene {
    fn begin(&self, broken: Option<&Place>) -> Result<Played, OpError> {
        let runtime = Builder::new_current_thread().enable_time().start_paused(true).build();
        let unable = |error| OpError::new(Exit::Failed, "simulation-broken", format!("no simulation can be run here: {error}"));
        Ok(runtime.map_err(unable)?.block_on(self.run(broken))?)
    }

    async fn run(&self, broken: Option<&Place>) -> Result<Played, HostError> {
        let machines = self.machines(broken);
        let hosts = machines.iter().map(|machine| (machine.name().clone(), Arc::new(SimHost::new(machine.clone())) as Arc<dyn HostApi>)).collect();
        let fleet = Fleet { home: self.plan.home.clone(), hosts };
        let (notes, _told) = mpsc::unbounded_channel();
        let ended = plimsoll_engine::run(&Conduct {
            fleet: &fleet,
            plan: &self.plan,
            shipments: &BTreeMap::new(),
            components: Vec::new(),
            holder: self.holder.clone(),
            reason: None,
            idempotency_key: None,
            secrets: stand_ins(&self.secrets),
            certificates: self.certificates.clone(),
            outside: &Clients(&machines),
            notes,
            cancel: CancellationToken::new(),
        })
        .await?;
        let journals = machines.iter().map(|machine| (machine.name().clone(), self.journal(machine, ended.id.as_ref()))).collect();
        Ok(Played { ended, journals })
    }

    fn machines(&self, broken: Option<&Place>) -> Vec<Machine> {
        let chronicle = Chronicle::from(self.now);
        let machine = |(host, seen): (&HostName, &Observed)| {
            let likeness = Likeness { key: &self.plan.key, seen, desired: &self.plan.desired, specs: &self.specs };
            let machine = Machine::like(host.clone(), chronicle.clone(), &likeness);
            for (at, estimate) in self.estimates.get(host).into_iter().flatten() {
                machine.takes(at.clone(), estimate.ms, estimate.undo_ms);
            }
            if let Some((_, at)) = broken.filter(|(place, _)| place == host) {
                machine.breaks(at.clone());
            }
            machine
        };
        self.seen.iter().map(machine).collect()
    }

    fn journal(&self, machine: &Machine, id: Option<&DeploymentId>) -> Vec<(u64, Event)> {
        let journal = id.map(|id| machine.journal(id)).unwrap_or_default();
        journal.into_iter().map(|(at, event)| (at.since(self.now), event)).collect()
    }
}

/// Who asks routes from outside. Hooks are not run.
struct Clients<'a>(&'a [Machine]);

#[async_trait]
impl Outside for Clients<'_> {
    async fn check(&self, host: &HostName, check: &RouteCheck) -> Result<(), Failure> {
        let answers = self.0.iter().any(|machine| machine.name() == host && machine.answers(&check.component));
        if answers { Ok(()) } else { Err(Failure::new("route-check-failed", format!("{} does not answer on {host}", check.component))) }
    }

    async fn reached(&self, _: &DeploymentId, _: Milestone) -> Result<(), Failure> {
        Ok(())
    }
}

/// How each slot that was seen is run: as the deployment that brought it has it on record.
pub(super) fn specs(seen: &BTreeMap<HostName, Observed>, history: &[DeploymentRecord]) -> BTreeMap<(ComponentName, ConfigHash), ProcessSpec> {
    let mut specs: BTreeMap<_, _> = seen.values().flat_map(|seen| &seen.components).flat_map(unknown).collect();
    for (component, wanted) in history.iter().flat_map(|record| &record.desired.components) {
        if let DesiredKind::Process(spec) = &wanted.kind
            && let Some(known) = specs.get_mut(&(component.clone(), wanted.config()))
        {
            known.clone_from(spec);
        }
    }
    specs
}

/// How a slot is run of which nothing is on record any more: it serves where it is, and can be stopped.
fn unknown((component, seen): (&ComponentName, &plimsoll_model::plan::ObservedComponent)) -> Vec<((ComponentName, ConfigHash), ProcessSpec)> {
    let spec = ProcessSpec {
        run: String::new(),
        health: HealthCheck { question: Question::Connect, interval_ms: 1_000, timeout_ms: 1_000 },
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        user: None,
        limits: Limits::default(),
        start_timeout_ms: 60_000,
        drain_timeout_ms: 10_000,
    };
    seen.slots.iter().map(|slot| ((component.clone(), slot.config), spec.clone())).collect()
}
