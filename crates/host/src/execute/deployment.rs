//! A deployment that is not settled, as the host holds it.

use plimsoll_api::{Events, HostEvent, What};
use plimsoll_model::audit::Actor;
use plimsoll_model::deployment::{IllegalEvent, Progress, Stage};
use plimsoll_model::plan::{OpenDeployment, Step, StepRef};
use plimsoll_model::time::Moment;
use plimsoll_model::{DeploymentId, EnvironmentKey};
use tokio::sync::{Mutex, watch};
use tokio::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use crate::ledger::Stored;
use crate::world::World;

/// A deployment on this host: its plan, its journal, its lease.
pub(crate) struct Deployment {
    pub(crate) stored: Stored,
    pub(crate) journal: Journal,
    pub(crate) world: World,
    /// When the lease ends, by a clock that nobody sets.
    lease: watch::Sender<Instant>,
    /// Held by the order that is being carried out.
    pub(crate) turn: Mutex<()>,
    /// Once set, no phase goes on: the deployment is to be rolled back.
    pub(crate) abandoned: CancellationToken,
}

impl Deployment {
    /// Picks a deployment up where its journal stands. `host` is who acts when nobody conducts it.
    pub(crate) fn pick_up(stored: Stored, world: World, host: Actor) -> Result<Self, IllegalEvent> {
        let progress = Progress::replay(stored.plan.steps(&stored.host).map(|(at, _)| at), &stored.journal)?;
        let journal = Journal::new(stored.record.clone(), host, world.ledger.clone(), world.clock.clone(), progress);
        // The end on record is by a clock that may have been set since: it never grants more than the length of a lease.
        let left_ms = stored.lease_until.since(world.clock.now()).min(stored.plan.lease_ms);
        let (lease, _) = watch::channel(Instant::now() + Duration::from_millis(left_ms));
        Ok(Self { stored, journal, world, lease, turn: Mutex::new(()), abandoned: CancellationToken::new() })
    }

    pub(crate) fn id(&self) -> &DeploymentId {
        &self.stored.record.id
    }

    pub(crate) fn key(&self) -> &EnvironmentKey {
        &self.stored.record.key
    }

    pub(crate) async fn stage(&self) -> Stage {
        self.journal.stage().await
    }

    /// The step at a place of the plan.
    pub(crate) fn step(&self, at: &StepRef) -> Option<&Step> {
        let work = self.stored.plan.part(&self.stored.host).nth(at.level as usize)?;
        let work = work.iter().find(|work| work.component == at.component)?;
        work.steps.of(at.phase).get(at.index as usize)
    }

    /// How long the lease still lasts, in milliseconds.
    pub(crate) fn lease_left_ms(&self) -> u64 {
        u64::try_from(self.lease.borrow().saturating_duration_since(Instant::now()).as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn lease(&self) -> watch::Receiver<Instant> {
        self.lease.subscribe()
    }

    /// The lease lasts for its whole length again. Answers when it ends, as it is to be recorded.
    pub(crate) fn renewed(&self) -> Moment {
        let lease_ms = self.stored.plan.lease_ms;
        self.lease.send_replace(Instant::now() + Duration::from_millis(lease_ms));
        self.world.clock.now().plus(lease_ms)
    }

    /// Whether the lease has ended.
    pub(crate) fn expired(&self) -> bool {
        *self.lease.borrow() <= Instant::now()
    }

    /// How others see it.
    pub(crate) async fn observe(&self) -> OpenDeployment {
        OpenDeployment {
            id: self.id().clone(),
            holder: self.stored.record.holder.clone(),
            stage: self.stage().await,
            lease_until: self.world.clock.now().plus(self.lease_left_ms()),
            expired: self.expired(),
        }
    }

    /// Tells who listens what happened to a step. That nobody does is no trouble.
    pub(crate) fn tell(&self, events: &Events, at: &StepRef, step: &Step, what: What) {
        let event = HostEvent { at: self.world.clock.now(), step: at.clone(), text: step.to_string(), what };
        drop(events.send(event));
    }
}
