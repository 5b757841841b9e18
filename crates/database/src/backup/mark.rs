//! That a backup was verified: a file beside its manifest, which counts for that manifest alone.

use std::io::ErrorKind;
use std::path::Path;

use plimsoll_model::Digest;
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::manifest::Manifest;

/// Its file in the folder.
const NAME: &str = "verified.json";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    at: Moment,
    /// Of what was verified.
    manifest: Digest,
}

/// Notes that it was verified.
pub(super) fn set(folder: &Path, manifest: &Manifest, at: Moment) -> Result<(), BackupError> {
    let path = folder.join(NAME);
    let text = serde_json::to_vec(&Mark { at, manifest: Digest::of_value(manifest) }).expect("it has no maps");
    plimsoll_durable::replace(&path, &text).map_err(|error| BackupError::file(&path, &error))
}

/// Notes that it does not count.
pub(super) fn clear(folder: &Path) -> Result<(), BackupError> {
    let path = folder.join(NAME);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(BackupError::file(&path, &error)),
        _ => Ok(()),
    }
}

/// When the backup with this manifest was verified. What cannot be read says nothing.
pub(super) fn read(folder: &Path, manifest: &Manifest) -> Option<Moment> {
    let mark: Mark = serde_json::from_slice(&std::fs::read(folder.join(NAME)).ok()?).ok()?;
    (mark.manifest == Digest::of_value(manifest)).then_some(mark.at)
}
