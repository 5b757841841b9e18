//! Slots on a simulated machine: they start, answer, and end as their release says.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_api::{LogLine, LogQuery};
use plimsoll_host::Trouble;
use plimsoll_host::ledger::SlotRow;
use plimsoll_host::supervise::{Ended, Life, Running, Supervisor};
use plimsoll_model::plan::Step;
use plimsoll_model::slot::Condition;
use plimsoll_model::{EnvironmentKey, Secret, SlotId};
use tokio::sync::mpsc;

use super::Hands;
use crate::deed::Deed;
use crate::machine::{Behaviour, Process};

#[async_trait]
impl Supervisor for Hands {
    fn judge(&self, _: &SlotRow) -> Result<(), Trouble> {
        Ok(())
    }

    async fn free_port(&self, taken: &[u16]) -> Result<u16, Trouble> {
        self.alive().await;
        let state = self.machine.state();
        let runs = |port: u16| state.running.values().any(|process| process.row.port == port);
        let listens = |port: u16| state.occupied.contains(&port) || state.routes.iter().any(|route| route.spec.ports().any(|used| used == port));
        let free = |port: &u16| !taken.contains(port) && !runs(*port) && !listens(*port);
        (20_000..30_000).find(free).ok_or_else(|| Trouble::new("no-free-port", "none"))
    }

    async fn start(&self, row: &SlotRow, _: PathBuf, _: &BTreeMap<String, Secret<String>>, life: Life) -> Result<(), Trouble> {
        let place = (row.key.clone(), row.slot.clone());
        let deed = Deed::Start(row.slot.clone());
        self.effect(deed.clone(), |state| {
            let restored = self.is_starting() || !state.is_started_by_a_step(&deed);
            if !state.staged.contains(&(row.key.clone(), row.component.clone(), row.release)) {
                return Err(Trouble::new("release-missing", format!("release {} is not laid out", row.release.short())));
            }
            state.folders.insert(place.clone());
            if !state.running.contains_key(&place) {
                let since_ms = self.machine.chronicle().now_ms();
                state.vanished.take_if(|port| *port == row.port);
                state.write(row, self.machine.chronicle().now());
                state.running.insert(place, Process { row: row.clone(), since_ms, restored, frozen: false, once: life == Life::Once });
                self.machine.wrote().notify_waiters();
            }
            Ok(())
        })
        .await
    }

    async fn look(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<Running, Trouble> {
        self.alive().await;
        let worked = self.work(|active| matches!(active.step, Step::AwaitHealthy { slot: asked, .. } if !active.undo && asked == slot)).await;
        let runs = worked.is_ok() && self.machine.state().running.contains_key(&(key.clone(), slot.clone()));
        Ok(Running { condition: if runs { Condition::Running } else { Condition::Stopped }, pid: runs.then_some(1), restarts: 0 })
    }

    async fn lost(&self) {
        tokio::select! {
            biased;
            () = self.dead.cancelled() => std::future::pending().await,
            () = self.machine.lost().notified() => {}
        }
    }

    async fn ended(&self, key: &EnvironmentKey, slot: &SlotId) -> Ended {
        self.alive().await;
        let now = self.machine.chronicle().now_ms();
        let place = (key.clone(), slot.clone());
        let is_done = self.machine.state().running.get(&place).is_some_and(|process| process.once);
        if is_done {
            return Ended { how: "exit code 0".into(), well: true };
        }
        let ends_in_ms = {
            let state = self.machine.state();
            state.running.get(&(key.clone(), slot.clone())).map_or(Some(0), |process| match state.behaviour(&process.row) {
                Behaviour::ExitsAtOnce => Some(0),
                Behaviour::Dies(after_ms) => Some((process.since_ms + after_ms).saturating_sub(now)),
                Behaviour::Serves | Behaviour::Slow(_) | Behaviour::NeverHealthy => None,
            })
        };
        match ends_in_ms {
            None => std::future::pending::<()>().await,
            Some(0) => {}
            Some(ms) => self.wait(ms).await,
        }
        Ended::badly("exit code 1")
    }

    async fn output(&self, key: &EnvironmentKey, slot: &SlotId, _: u32) -> Vec<String> {
        let state = self.machine.state();
        let release = state.running.get(&(key.clone(), slot.clone())).map(|process| process.row.release);
        vec![release.and_then(|release| state.words.get(&release).cloned()).unwrap_or_else(|| "last words".into())]
    }

    async fn lines(&self, query: &LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), Trouble> {
        self.alive().await;
        let (mut next, mut read) = {
            let state = self.machine.state();
            (state.last_lines(query), state.logs.len())
        };
        loop {
            // Listens before it reads on, so that nothing falls in between.
            let wrote = self.machine.wrote().notified();
            for line in next {
                drop(lines.send(line).await);
            }
            (next, read) = {
                let state = self.machine.state();
                (state.lines_after(query, read), state.logs.len())
            };
            if !query.follow || lines.is_closed() {
                return Ok(());
            }
            if next.is_empty() {
                tokio::select! {
                    () = lines.closed() => {}
                    () = wrote => {}
                }
            }
        }
    }

    async fn stop(&self, key: &EnvironmentKey, slot: &SlotId, _: u64) -> Result<(), Trouble> {
        let place = (key.clone(), slot.clone());
        self.effect(Deed::Stop(slot.clone()), |state| Ok(state.running.remove(&place))).await.map(drop)
    }

    async fn forget(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<(), Trouble> {
        let place = (key.clone(), slot.clone());
        self.effect(Deed::Forget(slot.clone()), |state| Ok(state.folders.remove(&place))).await.map(drop)
    }
}
