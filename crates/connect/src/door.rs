//! Locks of a daemon's folder, awaited.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::ConnectError;

/// The right to find out whether a daemon is needed, and to start it. Released when dropped.
#[must_use]
pub(crate) struct Door(#[expect(dead_code, reason = "held for its lock")] File);

/// Waits for the right to start a daemon: whoever has it now is about to have one.
pub(crate) async fn door(path: PathBuf) -> Result<Door, ConnectError> {
    locked(path.clone(), File::lock).await.map(Door).map_err(ConnectError::io("lock", &path))
}

/// Waits until no daemon holds the lock at `path`. Says whether that came about within `patience`.
pub(crate) async fn free(path: PathBuf, patience: Duration) -> Result<bool, ConnectError> {
    match tokio::time::timeout(patience, locked(path.clone(), File::lock_shared)).await {
        Ok(lock) => lock.map(|_| true).map_err(ConnectError::io("lock", &path)),
        Err(_) => Ok(false),
    }
}

/// Waits on a thread of its own: unlike one of the runtime's, it keeps no program from ending.
async fn locked(path: PathBuf, lock: fn(&File) -> io::Result<()>) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
    let (done, waits) = oneshot::channel();
    std::thread::Builder::new().name("lock".into()).spawn(move || {
        // When nobody waits any more the lock is released with the file.
        let _ = done.send(lock(&file).map(|()| file));
    })?;
    waits.await.unwrap_or_else(|_| Err(io::Error::other("the thread that waited is gone")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_is_free_when_nobody_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = door(path.clone()).await.unwrap();
        assert!(!free(path.clone(), Duration::from_millis(1)).await.unwrap());
        drop(held);
        assert!(free(path, Duration::from_secs(3600)).await.unwrap());
    }
}
