//! Slots as systemd's units, for a daemon that is root: each component runs as a user of its own that may do little, and outlives the
//! daemon. Units are transient: they are gone when they stop, and after a start of the machine the daemon starts them again.
//!
//! Which slots shall run is in the ledger and not known here.

mod bus;
mod child;
mod entry;
mod journal;
mod life;
mod names;
mod properties;
mod secrets;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_api::{LogLine, LogQuery};
use plimsoll_model::slot::Condition;
use plimsoll_model::{EnvironmentKey, Secret, SlotId};
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::timeout;

use self::bus::Bus;
use self::journal::Journal;
use self::life::Fault;
use self::properties::{Properties, Slot};
use self::state::State;
use super::ports::Ports;
use super::{Ended, Life, Running, Supervisor, environment, refusal, slot_files};
use crate::folders::Folders;
use crate::ledger::SlotRow;
use crate::trouble::Trouble;

/// What the names of files with the secrets of slots end with.
const EXTENSION: &str = "secrets";
/// How long the journal may take to tell the last lines of a slot: what went wrong is undone after that.
const PATIENCE: Duration = Duration::from_secs(10);
/// Variables that systemd sets as they are for the user of a slot; the daemon's own mean nothing there.
const SET_BY_SYSTEMD: [&str; 4] = ["HOME", "LOGNAME", "TMPDIR", "USER"];

/// Runs slots as units of systemd.
pub struct Systemd {
    folders: Folders,
    /// What every program gets: `PATH` and the like.
    env: BTreeMap<String, String>,
    /// Users that components may ask for.
    users: BTreeSet<String>,
    ports: Ports,
    bus: Mutex<Option<Arc<Bus>>>,
    /// Told when a unit is gone.
    lost: Arc<Notify>,
}

impl Systemd {
    /// Programs get `env`, and run as users of their own unless they ask for one of `users`.
    #[must_use]
    pub fn new(folders: Folders, env: BTreeMap<String, String>, users: BTreeSet<String>) -> Self {
        let env = env.into_iter().filter(|(name, _)| !SET_BY_SYSTEMD.contains(&name.as_str())).collect();
        let ports = Ports::of(&folders);
        Self { folders, env, users, ports, bus: Mutex::default(), lost: Arc::default() }
    }

    /// The connection to systemd; a new one when the last one has ended.
    async fn bus(&self) -> Result<Arc<Bus>, Trouble> {
        let mut bus = self.bus.lock().await;
        if let Some(bus) = bus.as_ref().filter(|bus| bus.lives()) {
            return Ok(Arc::clone(bus));
        }
        let connected = Bus::connect(Arc::clone(&self.lost)).await.map_err(|error| {
            Trouble::new("systemd", format!("systemd cannot be reached: {error}")).with_help("slots as units need systemd and its D-Bus socket")
        })?;
        Ok(Arc::clone(bus.insert(Arc::new(connected))))
    }

    fn properties(&self, row: &SlotRow, folder: &Path, life: Life) -> Properties {
        let shared = self.folders.shared(&row.key, &row.component);
        properties::of(&Slot {
            row,
            folder,
            hidden: self.folders.root(),
            shared: shared.is_dir().then_some(shared),
            environment: environment::of(&self.env, row),
            secrets: &self.folders.slot_secrets(&row.key, &row.slot),
            script: &self.script(row),
            life,
        })
    }

    /// The file of a slot's command.
    fn script(&self, row: &SlotRow) -> PathBuf {
        self.folders.slot(&row.key, &row.slot).join("run")
    }

    fn keep_script(&self, row: &SlotRow) -> Result<(), Trouble> {
        let path = self.script(row);
        let kept = std::fs::create_dir_all(self.folders.slot(&row.key, &row.slot)).and_then(|()| {
            let readable = |file: &File| file.set_permissions(Permissions::from_mode(0o644));
            plimsoll_durable::replace_with(&path, row.spec.run.as_bytes(), readable)
        });
        kept.map_err(|error| Trouble::new("slot-unwritable", format!("{} cannot be written: {error}", path.display())))
    }

    fn keep_secrets(&self, row: &SlotRow, values: &BTreeMap<String, Secret<String>>) -> Result<(), Trouble> {
        let path = self.folders.slot_secrets(&row.key, &row.slot);
        let trouble = |error: &dyn fmt::Display| Trouble::new("secrets-store", format!("the secrets of slot {} cannot be kept: {error}", row.slot));
        std::fs::create_dir_all(self.folders.slot_logs(&row.key)).map_err(|error| trouble(&error))?;
        secrets::keep(&path, &row.config, values).map_err(|error| trouble(&error))
    }

    fn journal<'a>(&'a self, key: &'a EnvironmentKey) -> Journal<'a> {
        Journal::new(&self.folders, key)
    }
}

#[async_trait]
impl Supervisor for Systemd {
    fn judge(&self, row: &SlotRow) -> Result<(), Trouble> {
        match &row.spec.user {
            Some(user) if !self.users.contains(user) => Err(refusal(row, user, "this host runs programs as users of their own")),
            _ => Ok(()),
        }
    }

    async fn free_port(&self, taken: &[u16]) -> Result<u16, Trouble> {
        self.ports.free(taken)
    }

    async fn start(&self, row: &SlotRow, folder: PathBuf, secrets: &BTreeMap<String, Secret<String>>, life: Life) -> Result<(), Trouble> {
        self.judge(row)?;
        let (unit, bus) = (names::unit(&row.key, &row.slot), self.bus().await?);
        let broken = |fault| trouble(&row.slot, &fault);
        if bus.runs(&unit).await.map_err(broken)? {
            return Ok(());
        }
        self.keep_secrets(row, secrets)?;
        self.keep_script(row)?;
        bus.bring_up(&unit, &self.properties(row, &folder, life)).await.map_err(broken)
    }

    async fn look(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<Running, Trouble> {
        let state = self.bus().await?.look(&names::unit(key, slot)).await.map_err(|error| trouble(slot, &error.into()))?;
        Ok(state.map_or(Running { condition: Condition::Stopped, pid: None, restarts: 0 }, |state| state.running()))
    }

    async fn ended(&self, key: &EnvironmentKey, slot: &SlotId) -> Ended {
        let end = |state: Option<&State>| state.map_or_else(|| Some(Ended::badly("it does not run")), State::end);
        loop {
            let bus = match self.bus().await {
                Ok(bus) => bus,
                Err(trouble) => return Ended::badly(trouble.message),
            };
            match bus.until(&names::unit(key, slot), end).await {
                Ok(how) => return how,
                Err(error) if bus.lives() => return Ended::badly(format!("systemd does not tell any more: {error}")),
                // The next connection tells.
                Err(_) => {}
            }
        }
    }

    async fn lost(&self) {
        self.lost.notified().await;
    }

    async fn output(&self, key: &EnvironmentKey, slot: &SlotId, lines: u32) -> Vec<String> {
        let silent = |_| Err(io::ErrorKind::TimedOut.into());
        let last = timeout(PATIENCE, self.journal(key).last(slot, lines)).await.unwrap_or_else(silent);
        let last = last.map_err(|error| tracing::error!(%slot, %key, %error, "the journal cannot be read")).unwrap_or_default();
        last.into_iter().map(|line| format!("{} {} {}", line.at, line.stream, line.text)).collect()
    }

    async fn lines(&self, query: &LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), Trouble> {
        let sent = self.journal(&query.key).send(query, &lines).await;
        sent.map_err(|error| {
            Trouble::new("journal", format!("the journal cannot be read: {error}")).with_help("see that journalctl works on the host, as root")
        })
    }

    async fn stop(&self, key: &EnvironmentKey, slot: &SlotId, grace_ms: u64) -> Result<(), Trouble> {
        let stopped = self.bus().await?.take_down(&names::unit(key, slot), Duration::from_millis(grace_ms)).await;
        stopped.map_err(|fault| trouble(slot, &fault))
    }

    async fn forget(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<(), Trouble> {
        slot_files::prune(&self.folders.slot_logs(key), EXTENSION, slot).await;
        // What stays is written anew when there is a slot of that name again.
        drop(tokio::fs::remove_dir_all(self.folders.slot(key, slot)).await);
        self.bus().await?.let_go(&names::unit(key, slot)).await.map_err(|error| trouble(slot, &error.into()))
    }
}

fn trouble(slot: &SlotId, fault: &Fault) -> Trouble {
    Trouble::new("systemd", format!("slot {slot}: {fault}")).with_help("see systemctl status and journalctl on the host")
}
