//! A ledger in memory: what was written stays, whoever dies.

use std::collections::BTreeMap;

use async_trait::async_trait;
use plimsoll_host::Trouble;
use plimsoll_host::ledger::{Change, ComponentRow, Ledger, Stored};
use plimsoll_model::deployment::{DeploymentRecord, Event, Progress, Stage};
use plimsoll_model::time::Moment as Time;
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey};

use super::effects::Hands;
use super::machine::{Moment, State};

/// What is on record.
#[derive(Default)]
pub(super) struct Books {
    deployments: BTreeMap<DeploymentId, Stored>,
    components: BTreeMap<EnvironmentKey, BTreeMap<ComponentName, ComponentRow>>,
}

impl Books {
    fn append(&mut self, id: &DeploymentId, at: Time, event: &Event, changes: &[Change]) -> Result<(), Trouble> {
        let stored = self.deployments.get_mut(id).ok_or_else(|| Trouble::new("ledger-write", format!("no deployment {id}")))?;
        stored.journal.push(event.clone());
        let steps = stored.plan.steps(&stored.host).map(|(at, _)| at);
        let progress = Progress::replay(steps, &stored.journal).map_err(|error| Trouble::new("ledger-write", error.to_string()))?;
        stored.record.stage = progress.stage().clone();
        match event {
            Event::RollingBack { failure } => stored.record.failure = Some(failure.clone()),
            Event::Failed { failure, .. } if *progress.stage() == Stage::Committing => stored.record.leftovers.push(failure.clone()),
            Event::Closed { .. } => stored.record.ended_at = Some(at),
            _ => {}
        }
        changes.iter().for_each(|change| self.change(change));
        Ok(())
    }

    fn component(&mut self, key: &EnvironmentKey, component: &ComponentName) -> &mut ComponentRow {
        let rows = self.components.entry(key.clone()).or_default();
        rows.entry(component.clone()).or_insert_with(|| ComponentRow { next_slot: 1, ..ComponentRow::default() })
    }

    fn change(&mut self, change: &Change) {
        match change {
            Change::Slot(slot) => {
                let row = self.component(&slot.key, &slot.component);
                row.slots.retain(|other| other.slot != slot.slot);
                row.slots.push(slot.clone());
                row.slots.sort_by(|a, b| a.slot.cmp(&b.slot));
                let number = slot.slot.as_str().rsplit('-').next().and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
                row.next_slot = row.next_slot.max(number + 1);
            }
            Change::SlotGone { key, slot } => {
                for row in self.components.entry(key.clone()).or_default().values_mut() {
                    row.slots.retain(|other| other.slot != *slot);
                }
            }
            Change::Staged { key, component, release } => {
                let row = self.component(key, component);
                row.staged.retain(|other| other != release);
                row.staged.insert(0, *release);
            }
            Change::Unstaged { key, component, release } => self.component(key, component).staged.retain(|other| other != release),
            Change::Served { key, component, served, since } => {
                let row = self.component(key, component);
                row.served = served.clone();
                row.since = served.as_ref().map(|_| *since);
            }
        }
    }
}

#[async_trait]
impl Ledger for Hands {
    async fn begin(&self, stored: &Stored) -> Result<(), Trouble> {
        self.alive().await;
        let id = stored.record.id.clone();
        self.write(|state| state.books.deployments.entry(id).or_insert_with(|| stored.clone()).record.started_at).await;
        Ok(())
    }

    async fn append(&self, id: &DeploymentId, at: Time, event: &Event, changes: &[Change]) -> Result<(), Trouble> {
        self.alive().await;
        self.write(|state| state.books.append(id, at, event, changes)).await
    }

    async fn renew(&self, id: &DeploymentId, until: Time) -> Result<(), Trouble> {
        self.alive().await;
        if let Some(stored) = self.machine().state().books.deployments.get_mut(id) {
            stored.lease_until = until;
        }
        Ok(())
    }

    async fn deployment(&self, id: &DeploymentId) -> Result<Option<Stored>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.deployments.get(id).cloned())
    }

    async fn unsettled(&self) -> Result<Vec<Stored>, Trouble> {
        self.alive().await;
        let open = |stored: &&Stored| !matches!(stored.record.stage, Stage::Closed { .. });
        Ok(self.machine().state().books.deployments.values().filter(open).cloned().collect())
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, Trouble> {
        self.alive().await;
        let state = self.machine().state();
        let of_key = state.books.deployments.values().rev().filter(|stored| stored.record.key == *key);
        Ok(of_key.take(limit as usize).map(|stored| stored.record.clone()).collect())
    }

    async fn components(&self, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, ComponentRow>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.components.get(key).cloned().unwrap_or_default())
    }

    async fn environments(&self) -> Result<Vec<EnvironmentKey>, Trouble> {
        self.alive().await;
        Ok(self.machine().state().books.components.keys().cloned().collect())
    }

    async fn secret_key(&self, _: &EnvironmentKey) -> Result<[u8; 32], Trouble> {
        self.alive().await;
        Ok([7; 32])
    }

    async fn durations(&self, _: &EnvironmentKey) -> Result<BTreeMap<ComponentName, u64>, Trouble> {
        self.alive().await;
        Ok(BTreeMap::new())
    }
}

impl Hands {
    /// Writes, and dies before or after it when that is what is to happen.
    async fn write<T>(&self, write: impl FnOnce(&mut State) -> T) -> T {
        let dies = {
            let mut state = self.machine().state();
            let number = state.records;
            state.records += 1;
            state.crash.take_if(|crash| crash.record == number).map(|crash| crash.moment)
        };
        if dies == Some(Moment::Before) {
            self.die().await;
        }
        let written = write(&mut self.machine().state());
        if dies == Some(Moment::After) {
            self.die().await;
        }
        written
    }
}
