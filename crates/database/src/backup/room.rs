//! The folder that has all backups of one database, each in a folder with its name.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use plimsoll_model::backup::{Backup, Content, outdated};
use plimsoll_model::{BackupId, ComponentName};

use super::error::BackupError;
use super::manifest::Manifest;
use super::{SCRATCH, mark};
use crate::place::Place;

/// The backups of `database` that lie in `room`, the oldest first. Their data is not read: only whether it is there, with the size that it had.
///
/// # Errors
/// When the folder cannot be read. One that is not there has none.
pub fn list(room: &Path, database: &ComponentName) -> Result<Vec<Backup>, BackupError> {
    let names = names(room).map_err(|error| BackupError::file(room, &error))?;
    let mut ids: Vec<BackupId> = names.into_iter().filter_map(|name| BackupId::new(name).ok()).collect();
    ids.sort();
    Ok(ids.into_iter().map(|id| seen(room, database, id)).collect())
}

/// Deletes what nothing keeps: see [`outdated`]. So is what those left that were cut off. Called while no other process works in the folder.
/// Answers what is left.
///
/// # Errors
/// When something cannot be deleted.
pub fn prune(room: &Path, database: &ComponentName, keep: u32) -> Result<Vec<Backup>, BackupError> {
    let backups = list(room, database)?;
    let outdated = outdated(&backups, keep);
    let names = names(room).map_err(|error| BackupError::file(room, &error))?;
    for name in names.iter().filter(|name| is_left_over(name) || outdated.iter().any(|id| id.as_str() == *name)) {
        remove(&room.join(name))?;
    }
    Ok(backups.into_iter().filter(|backup| !outdated.contains(&backup.id)).collect())
}

/// Deletes the scratch files that work which was cut off left beside the database. Called while nobody else works with its backups.
///
/// # Errors
/// When something cannot be deleted.
pub fn sweep(place: &Place) -> Result<(), BackupError> {
    let Some(folder) = place.file().and_then(|file| file.parent().map(Path::to_owned)) else { return Ok(()) };
    let names = names(&folder).map_err(|error| BackupError::file(&folder, &error))?;
    names.iter().filter(|name| name.starts_with(SCRATCH)).try_for_each(|name| remove(&folder.join(name)))
}

fn remove(path: &Path) -> Result<(), BackupError> {
    fs::remove_dir_all(path).map_err(|error| BackupError::file(path, &error))
}

fn seen(room: &Path, database: &ComponentName, id: BackupId) -> Backup {
    let folder = room.join(id.as_str());
    let read = Manifest::read(&folder).and_then(|manifest| manifest.has_its_data(&folder).map(|()| manifest));
    let (content, verified_at, trouble) = match read {
        Ok(manifest) => {
            let verified_at = mark::read(&folder, &manifest);
            let Manifest { at, data, tables, applied, origin, .. } = manifest;
            (Some(Content { at, bytes: data.size, tables, applied, origin }), verified_at, None)
        }
        Err(error) => (None, None, Some(error.into())),
    };
    Backup { id, database: database.clone(), content, verified_at, trouble, copied: None }
}

fn names(room: &Path) -> io::Result<BTreeSet<String>> {
    match fs::read_dir(room) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        entries => entries?.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned())).collect(),
    }
}

/// A backup that was never finished, or a scratch folder.
fn is_left_over(name: &str) -> bool {
    name.starts_with(SCRATCH) || name.strip_suffix(".new").is_some_and(|name| BackupId::new(name).is_ok())
}
