//! One proxy per folder. A second one would share the ports silently and answer from a table of its own. And one successor at most,
//! which waits for its turn beside the one that serves.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// Locked by the proxy that serves.
const SERVES: &str = "proxy.lock";
/// Locked by the one that waits to.
const WAITS: &str = "successor.lock";

/// The claim on a folder; released when dropped, or when the process ends however it ends.
#[derive(Debug)]
#[must_use]
pub(crate) struct FolderLock(#[expect(dead_code, reason = "held for its lock")] File);

/// The place behind the proxy that serves.
#[derive(Debug)]
#[must_use]
pub(crate) struct Place {
    serves: File,
    waits: File,
}

/// Takes the lock of `folder`; none when a proxy serves from it.
pub(crate) fn take(folder: &Path) -> io::Result<Option<FolderLock>> {
    let file = open(folder, SERVES)?;
    Ok(try_lock(&file)?.then(|| FolderLock(file)))
}

/// Takes the place behind the proxy that serves from `folder`, once no one else has it.
pub(crate) fn queue(folder: &Path) -> io::Result<Place> {
    let (serves, waits) = (open(folder, SERVES)?, open(folder, WAITS)?);
    flock(&waits, FlockOperation::LockExclusive)?;
    Ok(Place { serves, waits })
}

/// Whether someone has the place behind the proxy that serves from `folder`.
pub(crate) fn has_successor(folder: &Path) -> bool {
    // Without an answer there is no reason to let anyone down who may wait.
    open(folder, WAITS).and_then(|file| try_lock(&file)).is_ok_and(|free| !free)
}

impl Place {
    /// Waits until the proxy before has let go.
    pub(crate) fn wait(self) -> io::Result<FolderLock> {
        flock(&self.serves, FlockOperation::LockExclusive)?;
        drop(self.waits);
        Ok(FolderLock(self.serves))
    }
}

fn try_lock(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn open(folder: &Path, name: &str) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_serves_knows_of_the_one_that_waits() {
        let folder = tempfile::tempdir().unwrap();
        let first = take(folder.path()).unwrap().unwrap();
        assert!(take(folder.path()).unwrap().is_none() && !has_successor(folder.path()));
        let place = queue(folder.path()).unwrap();
        assert!(has_successor(folder.path()));
        drop(first);
        let _second = place.wait().unwrap();
        assert!(take(folder.path()).unwrap().is_none() && !has_successor(folder.path()));
    }
}
