//! The journal of one deployment: what may happen is judged, then recorded, then true.

use std::sync::Arc;

use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::deployment::{DeploymentRecord, Event, IllegalEvent, Progress, Stage, StepState};
use plimsoll_model::plan::StepRef;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::ledger::{Change, Ledger};
use crate::trouble::Trouble;

/// A journal and the state that it leads to.
pub(crate) struct Journal {
    /// The deployment as it began.
    record: DeploymentRecord,
    /// The host that keeps the journal.
    host: Actor,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    /// Held while a record is written: this lock is what puts the records of steps that run side by side in one order.
    progress: Mutex<Progress>,
}

impl Journal {
    pub(crate) fn new(record: DeploymentRecord, host: Actor, ledger: Arc<dyn Ledger>, clock: Arc<dyn Clock>, progress: Progress) -> Self {
        Self { record, host, ledger, clock, progress: Mutex::new(progress) }
    }

    /// Records `event` together with what it changes and what the audit log tells of it. When this fails, the event has not happened, and nothing may follow.
    pub(crate) async fn record(&self, event: Event, changes: &[Change]) -> Result<(), Trouble> {
        let mut progress = self.progress.lock().await;
        progress.allows(&event).map_err(|illegal| self.illegal(&illegal))?;
        plimsoll_crashpoint::reach!("host: before {event}");
        let told = Deed::told_by(&self.record, progress.stage(), &event, &self.host).map(|deed| Change::Told(Box::new(deed)));
        let changes: Vec<Change> = changes.iter().cloned().chain(told).collect();
        self.ledger.append(&self.record.id, self.clock.now(), &event, &changes).await?;
        progress.advance(&event).map_err(|illegal| self.illegal(&illegal))?;
        plimsoll_crashpoint::reach!("host: after {event}");
        Ok(())
    }

    /// How far the deployment is.
    pub(crate) async fn stage(&self) -> Stage {
        self.progress.lock().await.stage().clone()
    }

    /// What is known of a step.
    pub(crate) async fn step(&self, at: &StepRef) -> Option<StepState> {
        self.progress.lock().await.step(at)
    }

    /// The steps that still have to be undone, the last begun first.
    pub(crate) async fn to_undo(&self) -> Vec<StepRef> {
        self.progress.lock().await.to_undo()
    }

    fn illegal(&self, illegal: &IllegalEvent) -> Trouble {
        Trouble::new("out-of-order", format!("deployment {}: {illegal}", self.record.id))
    }
}
