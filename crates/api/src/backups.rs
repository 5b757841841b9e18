//! What can be asked about backups of databases.

use plimsoll_model::audit::Actor;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey};
use serde::{Deserialize, Serialize};

/// A question about the backups of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupQuery {
    /// The environment.
    pub key: EnvironmentKey,
    /// Only this database.
    pub database: Option<ComponentName>,
    /// What is to be done.
    pub work: BackupWork,
    /// Who asks.
    pub by: Actor,
}

/// What is done with backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum BackupWork {
    /// Tell which ones there are.
    List,
    /// Take one of each database, verify it, and delete those that nothing keeps.
    Create {
        /// How they are called.
        id: BackupId,
        /// How many of each database are kept.
        keep: u32,
    },
    /// Restore one into a scratch database and compare.
    Verify {
        /// Which.
        id: BackupId,
    },
    /// Put the data of one in the place of what its database has. Refused while a deployment is under way.
    Restore {
        /// Which.
        id: BackupId,
    },
    /// Delete those that nothing keeps.
    Prune {
        /// How many of each database are kept.
        keep: u32,
    },
}

impl BackupWork {
    /// Whether it only looks.
    #[must_use]
    pub fn only_looks(&self) -> bool {
        matches!(self, Self::List)
    }
}
