//! The manifest of a backup: what it is of, and what has to be in it.

use std::path::Path;

use plimsoll_model::Digest;
use plimsoll_model::backup::{Origin, Tables};
use plimsoll_model::database::{Applied, DatabaseKind};
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

use super::error::BackupError;

/// The version that this Plimsoll writes, and the newest that it reads.
pub(super) const VERSION: u32 = 1;
/// Its file in the folder.
const NAME: &str = "manifest.json";

/// What a backup is of, and what has to be in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of its form.
    pub version: u32,
    /// What the database is.
    pub kind: DatabaseKind,
    /// When it was taken.
    pub at: Moment,
    /// The file with the data.
    pub data: DataFile,
    /// Every table of it, summed up.
    pub tables: Tables,
    /// The migrations that the database had.
    pub applied: Vec<Applied>,
    /// All that had a name of its own in it, where a restore needs to know what came since.
    pub objects: Vec<String>,
    /// The programs that took it, with their versions.
    pub tools: Vec<String>,
    /// What served then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Its name in the folder.
    pub name: String,
    /// Its size, in bytes.
    pub size: u64,
    /// BLAKE3 of its bytes.
    pub hash: Digest,
}

/// As it is written: with a hash of itself, so that a damaged one is noticed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    hash: Digest,
    manifest: Manifest,
}

/// As much of one as every version has.
#[derive(Deserialize)]
struct Versioned {
    manifest: JustVersion,
}

#[derive(Deserialize)]
struct JustVersion {
    version: u32,
}

impl Manifest {
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(NAME);
        let sealed = Sealed { hash: Digest::of_value(self), manifest: self.clone() };
        let text = serde_json::to_vec(&sealed).expect("its maps have texts as keys");
        plimsoll_durable::replace(&path, &text).map_err(|error| BackupError::file(&path, &error))
    }

    pub(super) fn read(folder: &Path) -> Result<Self, BackupError> {
        let path = folder.join(NAME);
        let text = std::fs::read(&path).map_err(|error| BackupError::file(&path, &error))?;
        let unreadable = |error: serde_json::Error| BackupError::damaged(&path, &error.to_string());
        let Versioned { manifest: JustVersion { version } } = serde_json::from_slice(&text).map_err(unreadable)?;
        if version > VERSION {
            return Err(BackupError::TooNew { path, version });
        }
        let sealed: Sealed = serde_json::from_slice(&text).map_err(unreadable)?;
        // There is more than one way to write a value: what was written is one of them.
        let is_same = serde_json::to_vec(&sealed).is_ok_and(|same| same == text);
        let Sealed { hash, manifest } = sealed;
        if !is_same || hash != Digest::of_value(&manifest) {
            return Err(BackupError::damaged(&path, "it is not what was written"));
        }
        // A name that leads elsewhere can only come from somebody who sealed it anew.
        let is_name = !manifest.data.name.contains('/') && manifest.data.name.starts_with("data.");
        if is_name { Ok(manifest) } else { Err(BackupError::damaged(&path, "it names a file that is not in its folder")) }
    }

    /// Whether the file with the data is there, with the size that it had.
    pub(super) fn has_its_data(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(&self.data.name);
        let size = std::fs::metadata(&path).map_err(|error| BackupError::file(&path, &error))?.len();
        if size == self.data.size {
            return Ok(());
        }
        Err(BackupError::damaged(&path, &format!("it has {size} bytes instead of {}", self.data.size)))
    }
}
