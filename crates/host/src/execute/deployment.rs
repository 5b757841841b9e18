//! A deployment that is not settled, as the host holds it.

use plimsoll_api::{Events, HostEvent, What};
use plimsoll_model::audit::Actor;
use plimsoll_model::deployment::{IllegalEvent, Progress, Stage};
use plimsoll_model::plan::{OpenDeployment, Step, StepRef};
use plimsoll_model::time::Moment;
use plimsoll_model::{DeploymentId, EnvironmentKey};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use super::journal::Journal;
use crate::ledger::Stored;
use crate::world::World;

/// A deployment on this host: its plan, its journal, its lease.
pub(crate) struct Deployment {
    pub(crate) stored: Stored,
    pub(crate) journal: Journal,
    pub(crate) world: World,
    /// When the lease ends.
    lease: watch::Sender<Moment>,
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
        let (lease, _) = watch::channel(stored.lease_until);
        Ok(Self { stored, journal, world, lease, turn: Mutex::new(()), abandoned: CancellationToken::new() })
    }

    pub(crate) fn id(&self) -> &DeploymentId {
        &self.stored.record.id
    }

    pub(crate) fn key(&self) -> &EnvironmentKey {
        &self.stored.record.key
    }

    pub(crate) async fn stage(&self) -> Stage {
        self.journal.progress().await.stage().clone()
    }

    /// The step at a place of the plan.
    pub(crate) fn step(&self, at: &StepRef) -> Option<&Step> {
        let work = self.stored.plan.part(&self.stored.host).nth(at.level as usize)?;
        let work = work.iter().find(|work| work.component == at.component)?;
        work.steps.of(at.phase).get(at.index as usize)
    }

    pub(crate) fn lease_until(&self) -> Moment {
        *self.lease.borrow()
    }

    pub(crate) fn lease(&self) -> watch::Receiver<Moment> {
        self.lease.subscribe()
    }

    pub(crate) fn renewed(&self, until: Moment) {
        self.lease.send_replace(until);
    }

    /// Whether the lease has ended.
    pub(crate) fn expired(&self) -> bool {
        self.lease_until() <= self.world.clock.now()
    }

    /// How others see it.
    pub(crate) async fn observe(&self) -> OpenDeployment {
        OpenDeployment {
            id: self.id().clone(),
            holder: self.stored.record.holder.clone(),
            stage: self.stage().await,
            lease_until: self.lease_until(),
            expired: self.expired(),
        }
    }

    /// Tells who listens what happened to a step. That nobody does is no trouble.
    pub(crate) fn tell(&self, events: &Events, at: &StepRef, step: &Step, what: What) {
        let event = HostEvent { at: self.world.clock.now(), step: at.clone(), text: step.to_string(), what };
        drop(events.send(event));
    }
}
