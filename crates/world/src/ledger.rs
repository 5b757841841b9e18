//! A ledger in memory: what was written stays, whoever dies.

use std::collections::BTreeMap;

use async_trait::async_trait;
use plimsoll_api::{AuditPage, AuditQuery};
use plimsoll_host::Trouble;
use plimsoll_host::ledger::{Build, Change, ComponentRow, Ledger, StepTimes, Stored};
use plimsoll_model::approval::{Approval, Asked};
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::deployment::{DeploymentRecord, Event, Outcome};
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, PlanHash};

use super::chronicle::Invariant;
use super::effects::Hands;
use super::fault::{Moment, RecordFault};
use super::machine::State;

#[async_trait]
impl Ledger for Hands {
    async fn begin(&self, stored: &Stored) -> Result<(), Trouble> {
        self.write(|state| {
            let chronicle = self.machine().chronicle();
            if let Some(why) = state.books.is_stale(stored) {
                chronicle.violated(Invariant::Stale, format!("{}: {why}", stored.host));
            }
            let began = state.books.begin(stored, chronicle.now());
            if began == Ok(true) {
                chronicle.tell(self.machine().name(), || format!("begins {}", stored.record.id));
                chronicle.judge(|protocol| protocol.begin(self.machine().name(), stored));
            }
            began.map(drop)
        })
        .await
    }

    async fn append(&self, id: &DeploymentId, at: Time, event: &Event, changes: &[Change]) -> Result<(), Trouble> {
        let now = self.machine().chronicle().now();
        self.write(|state| {
            let (chronicle, name) = (self.machine().chronicle(), self.machine().name());
            if let Some(late) = state.books.is_late(id, event, now) {
                chronicle.violated(Invariant::Lease, format!("{name}: {late}"));
            }
            let stage =
                state.books.append(id, at, event, changes).inspect_err(|trouble| chronicle.violated(Invariant::Protocol, &trouble.message))?;
            chronicle.tell(name, || super::story::event(id, event));
            chronicle.judge(|protocol| protocol.record(name, id, event, &stage));
            Ok(())
        })
        .await
    }

    async fn renew(&self, id: &DeploymentId, until: Time) -> Result<(), Trouble> {
        self.alive().await;
        let now = self.machine().chronicle().now();
        self.machine().state().books.renew(id, until, now);
        Ok(())
    }

    async fn deployment(&self, id: &DeploymentId) -> Result<Option<Stored>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.stored(id).cloned())
    }

    async fn unsettled(&self) -> Result<Vec<Stored>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.unsettled().cloned().collect())
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.history(key, limit as usize))
    }

    async fn committed(&self, key: &EnvironmentKey) -> Result<Option<DeploymentRecord>, Trouble> {
        self.alive().await;
        let history = self.machine().state().books.history(key, usize::MAX);
        Ok(history.into_iter().find(|record| record.outcome() == Outcome::Committed))
    }

    async fn ask(&self, asked: &Asked) -> Result<(), Trouble> {
        self.alive().await;
        self.machine().state().books.approvals.ask(asked);
        Ok(())
    }

    async fn asked(&self, key: &EnvironmentKey) -> Result<Vec<Asked>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.approvals.asked(key))
    }

    async fn approve(&self, at: Time, approval: &Approval, deed: &Deed) -> Result<(), Trouble> {
        self.alive().await;
        self.machine().state().books.approvals.approve(at, approval);
        self.machine().state().books.audit.tell(at, deed);
        Ok(())
    }

    async fn approvals(&self, key: &EnvironmentKey, plan: PlanHash) -> Result<Vec<Approval>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.approvals.unused(key, plan))
    }

    async fn components(&self, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, ComponentRow>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.rows(key))
    }

    async fn environments(&self) -> Result<Vec<EnvironmentKey>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.environments())
    }

    async fn secret_key(&self, key: &EnvironmentKey) -> Result<[u8; 32], Trouble> {
        self.alive().await;
        Ok(*Digest::of_value(&(self.machine().name(), key)).as_bytes())
    }

    async fn durations(&self, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, u64>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.durations(key))
    }

    async fn step_times(&self, key: &EnvironmentKey) -> Result<StepTimes, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.step_times(key))
    }

    async fn tell(&self, at: Time, deed: &Deed) -> Result<(), Trouble> {
        self.alive().await;
        self.machine().state().books.audit.tell(at, deed);
        Ok(())
    }

    async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.audit.page(query))
    }

    async fn prune_audit(&self, at: Time, keep_from: Time, by: &Actor) -> Result<(), Trouble> {
        self.alive().await;
        self.machine().state().books.audit.prune(at, keep_from, by);
        Ok(())
    }

    async fn builds(&self) -> Result<Vec<Build>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.audit.builds())
    }

    async fn take_over(&self, at: Time, build: &Build, by: &Actor) -> Result<(), Trouble> {
        self.alive().await;
        self.machine().state().books.audit.take_over(at, build, by);
        Ok(())
    }
}

impl Hands {
    /// Writes, unless that is what is to go wrong. What was written is durable, whether or not whoever wrote it learns so.
    async fn write<T>(&self, write: impl FnOnce(&mut State) -> Result<T, Trouble>) -> Result<T, Trouble> {
        self.pause().await;
        let fault = self.machine().state().faults.of_record();
        if let Some(fault) = fault {
            self.machine().chronicle().count(fault.kind());
            self.machine().chronicle().tell(self.machine().name(), || format!("({})", fault.kind()));
        }
        match fault {
            Some(RecordFault::Dies(Moment::Before)) => self.die().await,
            Some(RecordFault::Fails) => return Err(Trouble::new("ledger-write", "the record was made to fail")),
            _ => {}
        }
        let written = write(&mut self.machine().state());
        if fault == Some(RecordFault::Dies(Moment::After)) {
            self.die().await;
        }
        written
    }
}
