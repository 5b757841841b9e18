//! What can be asked about copies of backups elsewhere.

use std::fmt;

use plimsoll_model::audit::Actor;
use plimsoll_model::copy::BackupCopy;
use plimsoll_model::plan::DatabaseAt;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, Secret};
use serde::{Deserialize, Serialize};

use crate::SecretValues;

/// A question about the copies of the backups of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyQuery {
    /// The environment.
    pub key: EnvironmentKey,
    /// The database.
    pub database: ComponentName,
    /// How to get at it and at its copies, where it does not serve: a host that is new knows nothing of it.
    pub at: Option<DatabaseAt>,
    /// Values of the secrets that this needs, where the host does not have them.
    pub secrets: SecretValues,
    /// What is to be done.
    pub work: CopyWork,
    /// Who asks.
    pub by: Actor,
}

/// What is done with copies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum CopyWork {
    /// Tell which ones there are.
    List,
    /// Copy each backup that counts and was not copied, and delete there what nothing keeps.
    Put,
    /// Bring one to the host. Answers its header when it is encrypted.
    Get {
        /// Which.
        id: BackupId,
    },
    /// Make a backup of the one that was brought, unless it is there. It counts when it did where it was copied from.
    Unpack {
        /// Which.
        id: BackupId,
        /// What opens it, when it is encrypted.
        key: Option<FileKey>,
    },
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyAnswer {
    /// The copies that are there, the oldest first, when those were asked for; those that were made, when some were to be made.
    pub copies: Vec<BackupCopy>,
    /// The header of an encrypted one that was brought: what a reader of it finds its key in.
    pub header: Option<Vec<u8>>,
}

/// The key of one encrypted copy. What it is serialized into must not be logged or kept.
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(pub Secret<String>);

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey")
    }
}

impl Serialize for FileKey {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for FileKey {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Secret::new(String::deserialize(from)?)))
    }
}
