//! Slots under keepers of our own: no init system is needed, and none of them ends with the daemon.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_api::{LogLine, LogQuery};
use plimsoll_keeper::{Command, Keeper, KeeperError, KeeperSpec, Output, Restart};
use plimsoll_model::slot::Condition;
use plimsoll_model::{EnvironmentKey, Secret, SlotId};
use tokio::sync::{Mutex, Notify, mpsc};

use super::ports::Ports;
use super::{Ended, Life, Running, Supervisor, environment, log, refusal, slot_files};
use crate::folders::Folders;
use crate::ledger::SlotRow;
use crate::program::keeper_of;
use crate::secrets::SecretFiles;
use crate::trouble::Trouble;

/// How long a slot's log file may get, in bytes, and how many older ones are kept.
const LOG_BYTES: u64 = 10 << 20;
const LOGS_KEPT: u32 = 3;
/// A program that ends is started again after 200 ms, then after twice that, up to 30 s.
const RESTART: Restart = Restart { first_ms: 200, max_ms: 30_000, healthy_after_ms: 10_000 };

/// What was run once is gone long before it would be started again: ten years are waited for that.
const NEVER: Restart = Restart { first_ms: 315_360_000_000, max_ms: 315_360_000_000, healthy_after_ms: u64::MAX };

/// Runs slots under keepers.
pub struct Builtin {
    exe: PathBuf,
    folders: Folders,
    secrets: SecretFiles,
    /// What every program gets: `PATH` and the like.
    env: BTreeMap<String, String>,
    user: String,
    ports: Ports,
    keepers: Mutex<HashMap<PathBuf, Keeper>>,
    /// Told when a keeper has ended.
    lost: Arc<Notify>,
}

impl Builtin {
    /// Starts keepers from the binary `exe`; programs get `env` and run as `user` unless they ask for another one.
    #[must_use]
    pub fn new(exe: PathBuf, folders: Folders, secrets: SecretFiles, env: BTreeMap<String, String>, user: String) -> Self {
        let ports = Ports::of(&folders);
        Self { exe, folders, secrets, env, user, ports, keepers: Mutex::default(), lost: Arc::default() }
    }

    /// The keeper of a slot, when there is one.
    async fn keeper(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<Option<Keeper>, Trouble> {
        let folder = self.folders.slot(key, slot);
        let mut keepers = self.keepers.lock().await;
        if let Some(keeper) = keepers.get(&folder).filter(|keeper| keeper.watch().has_changed().is_ok()) {
            return Ok(Some(keeper.clone()));
        }
        let found = Keeper::attach(&folder).await.map_err(|error| trouble(slot, &error))?;
        match &found {
            Some(keeper) => self.hold(&mut keepers, folder, keeper),
            None => drop(keepers.remove(&folder)),
        }
        Ok(found)
    }

    /// Keeps in touch with `keeper`.
    fn hold(&self, keepers: &mut HashMap<PathBuf, Keeper>, folder: PathBuf, keeper: &Keeper) {
        let (mut states, lost) = (keeper.watch(), Arc::clone(&self.lost));
        tokio::spawn(async move {
            while states.changed().await.is_ok() {}
            lost.notify_one();
        });
        keepers.insert(folder, keeper.clone());
    }

    fn spec(&self, row: &SlotRow, folder: PathBuf, has_secrets: bool, life: Life) -> KeeperSpec {
        KeeperSpec {
            command: Command::Shell(row.spec.run.clone()),
            cwd: folder,
            env: environment::of(&self.env, row),
            secrets_file: has_secrets.then(|| self.secrets.path(&row.key, &row.component, &row.config)),
            user: row.spec.user.clone().filter(|user| *user != self.user),
            limits: row.spec.limits.clone(),
            output: Output { file: self.folders.slot_log(&row.key, &row.slot), max_bytes: LOG_BYTES, keep: LOGS_KEPT },
            restart: if life == Life::Once { NEVER } else { RESTART },
            hold_sockets: false,
            stop_grace_ms: row.spec.drain_timeout_ms,
        }
    }
}

#[async_trait]
impl Supervisor for Builtin {
    fn judge(&self, row: &SlotRow) -> Result<(), Trouble> {
        let root = rustix::process::geteuid().is_root();
        match &row.spec.user {
            None => Ok(()),
            Some(user) if *user == self.user => Ok(()),
            Some(user) if root && !plimsoll_keeper::is_superuser(user) => Ok(()),
            Some(user) => Err(refusal(row, user, &format!("this host runs programs as {}", self.user))),
        }
    }

    async fn free_port(&self, taken: &[u16]) -> Result<u16, Trouble> {
        self.ports.free(taken)
    }

    async fn start(&self, row: &SlotRow, folder: PathBuf, secrets: &BTreeMap<String, Secret<String>>, life: Life) -> Result<(), Trouble> {
        if self.keeper(&row.key, &row.slot).await?.is_some() {
            return Ok(());
        }
        let place = self.folders.slot(&row.key, &row.slot);
        let spec = self.spec(row, folder, !secrets.is_empty(), life);
        let keeper = Keeper::spawn(&self.exe, &place, &spec).await.map_err(|error| trouble(&row.slot, &error))?;
        self.hold(&mut *self.keepers.lock().await, place, &keeper);
        Ok(())
    }

    async fn look(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<Running, Trouble> {
        let Some(keeper) = self.keeper(key, slot).await? else {
            return Ok(Running { condition: Condition::Stopped, pid: None, restarts: 0 });
        };
        let state = keeper.state();
        Ok(Running { condition: state.condition, pid: state.pid, restarts: state.restarts })
    }

    async fn ended(&self, key: &EnvironmentKey, slot: &SlotId) -> Ended {
        let Ok(Some(keeper)) = self.keeper(key, slot).await else { return Ended::badly("it does not run") };
        let mut states = keeper.watch();
        loop {
            if let Some(exit) = states.borrow_and_update().last_exit {
                return Ended { how: exit.to_string(), well: exit.code == Some(0) };
            }
            if states.changed().await.is_err() {
                return Ended::badly("its keeper is gone");
            }
        }
    }

    async fn lost(&self) {
        self.lost.notified().await;
    }

    async fn output(&self, key: &EnvironmentKey, slot: &SlotId, lines: u32) -> Vec<String> {
        plimsoll_keeper::output::tail(&self.folders.slot_log(key, slot), lines as usize)
    }

    async fn lines(&self, query: &LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), Trouble> {
        let folder = self.folders.slot_logs(&query.key);
        log::send(&folder, query, &lines)
            .await
            .map_err(|error| Trouble::new("no-permission", format!("{} cannot be read: {error}", folder.display())))
    }

    async fn keepers(&self) -> Vec<u32> {
        let keepers = self.keepers.lock().await;
        keepers.values().filter_map(|keeper| keeper_of(keeper.state().pid?)).collect()
    }

    async fn stop(&self, key: &EnvironmentKey, slot: &SlotId, grace_ms: u64) -> Result<(), Trouble> {
        if let Some(keeper) = self.keeper(key, slot).await? {
            keeper.stop(grace_ms).await.map_err(|error| trouble(slot, &error))?;
        }
        self.keepers.lock().await.remove(&self.folders.slot(key, slot));
        Ok(())
    }

    async fn forget(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<(), Trouble> {
        slot_files::prune(&self.folders.slot_logs(key), log::EXTENSION, slot).await;
        let folder = self.folders.slot(key, slot);
        // Held so that nobody looks for a keeper in a folder that is half gone.
        let mut keepers = self.keepers.lock().await;
        keepers.remove(&folder);
        match tokio::fs::remove_dir_all(&folder).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Trouble::new("no-permission", format!("the folder of slot {slot} cannot be deleted: {}: {error}", folder.display())))
            }
            _ => Ok(()),
        }
    }
}

fn trouble(slot: &SlotId, error: &KeeperError) -> Trouble {
    Trouble::new("keeper", format!("slot {slot}: {error}"))
}
