//! Running slots.

mod builtin;
mod environment;
mod log;
mod ports;
mod slot_files;
mod systemd;

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_api::{LogLine, LogQuery};
use plimsoll_model::slot::Condition;
use plimsoll_model::{EnvironmentKey, Secret, SlotId};
use tokio::sync::mpsc;

use crate::ledger::SlotRow;
use crate::trouble::Trouble;

pub use builtin::Builtin;
pub use systemd::Systemd;

/// What runs the slots of a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Supervision {
    /// Keepers of our own, as the user of the daemon: [`Builtin`].
    #[default]
    Builtin,
    /// systemd, each component as a user of its own. Takes root: [`Systemd`].
    Systemd,
}

/// What a slot is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// What it is doing.
    pub condition: Condition,
    /// Process id of its program, while there is one.
    pub pid: Option<u32>,
    /// How often its program was started again after it had ended by itself.
    pub restarts: u32,
}

/// How a program ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// In words.
    pub how: String,
    /// Whether it ended as programs do that went well: with exit code 0.
    pub well: bool,
}

impl Ended {
    /// Not well, for a reason that is no exit code.
    pub fn badly(how: impl Into<String>) -> Self {
        Self { how: how.into(), well: false }
    }
}

/// What becomes of a program that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It is started again.
    Kept,
    /// It has done what it was started for. How it ended can be asked until it is stopped.
    Once,
}

/// Starts, watches and stops slots.
#[async_trait]
pub trait Supervisor: Send + Sync {
    /// Whether this host may run a slot so (its user, its limits), before anything is started.
    fn judge(&self, row: &SlotRow) -> Result<(), Trouble>;

    /// A port on which nothing listens, of those kept for slots, and in none of `taken`.
    async fn free_port(&self, taken: &[u16]) -> Result<u16, Trouble>;

    /// Starts a slot in `folder`, unless it runs already.
    async fn start(&self, row: &SlotRow, folder: PathBuf, secrets: &BTreeMap<String, Secret<String>>, life: Life) -> Result<(), Trouble>;

    /// What a slot is doing.
    async fn look(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<Running, Trouble>;

    /// Returns when the program of a slot has ended by itself, with how it ended. Never, when it does not.
    async fn ended(&self, key: &EnvironmentKey, slot: &SlotId) -> Ended;

    /// Returns when something may have ended that keeps a slot running: what shall run is to be looked at. Never, where nothing does.
    async fn lost(&self) {
        std::future::pending().await
    }

    /// The last lines that a slot wrote.
    async fn output(&self, key: &EnvironmentKey, slot: &SlotId, lines: u32) -> Vec<String>;

    /// Sends the lines that `query` asks for, oldest first, and goes on with what is written from then on if it says so,
    /// until the receiver is gone.
    async fn lines(&self, query: &LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), Trouble>;

    /// Process ids of what keeps slots running, where that is processes of our own.
    async fn keepers(&self) -> Vec<u32> {
        Vec::new()
    }

    /// Stops a slot: asks it to end, and kills it after `grace_ms`. Stopped already is as good.
    async fn stop(&self, key: &EnvironmentKey, slot: &SlotId, grace_ms: u64) -> Result<(), Trouble>;

    /// Forgets all about a stopped slot but what it wrote.
    async fn forget(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<(), Trouble>;
}

/// Refuses to run a slot as `user`, which it asks for.
fn refusal(row: &SlotRow, user: &str, why: &str) -> Trouble {
    let message = format!("{} of {} asks for the user {user}; {why}", row.component, row.key);
    Trouble::new("user-not-allowed", message)
        .with_help("take `user` out for this environment; where root runs the daemon, `users` in /etc/plimsoll/host.toml lets it be")
}
