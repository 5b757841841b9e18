//! A keeper's folder: the names of what is in it, and its locks.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::KeeperError;

/// What to run.
pub(crate) const SPEC: &str = "keeper.json";
/// Where the keeper listens.
pub(crate) const SOCKET: &str = "keeper.sock";
/// The program's process, for whoever has to clear it away.
pub(crate) const CHILD: &str = "child.json";
/// The keeper's own troubles.
pub(crate) const LOG: &str = "keeper.log";
/// Locked by the keeper for as long as it lives.
pub(crate) const LIFE: &str = "keeper.lock";
/// Locked by whoever is about to find out whether there is a keeper, or to start one.
pub(crate) const DOOR: &str = "door.lock";

/// Makes `folder` when it is missing, for its owner alone.
pub(crate) fn make(folder: &Path) -> Result<(), KeeperError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(KeeperError::io("make", folder))
}

/// Waits for the lock `name` of `folder`. Dropping it releases it.
pub(crate) fn lock(folder: &Path, name: &str) -> Result<File, KeeperError> {
    let path = folder.join(name);
    let file = open(&path)?;
    file.lock().map_err(KeeperError::io("lock", &path))?;
    Ok(file)
}

/// The lock `name` of `folder`, unless someone has it.
pub(crate) fn try_lock(folder: &Path, name: &str) -> Result<Option<File>, KeeperError> {
    let path = folder.join(name);
    let file = open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(KeeperError::io("lock", &path)(error)),
    }
}

fn open(path: &Path) -> Result<File, KeeperError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    file.map_err(KeeperError::io("open", path))
}
