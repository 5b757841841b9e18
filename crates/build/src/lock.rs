//! One at a time: a lock that its holder cannot leave behind, not even when killed.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tokio::sync::oneshot;

use crate::{BuildError, BuildEvent, Notify, durable};

/// Held until dropped.
#[derive(Debug)]
#[must_use]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`. When someone else has it, says that it waits for `what`, and waits.
    ///
    /// # Errors
    /// The lock's file cannot be made or locked.
    pub(crate) async fn take(path: &Path, what: &str, notify: Notify<'_>) -> Result<Self, BuildError> {
        if let Some(folder) = path.parent() {
            durable::folder(folder)?;
        }
        let file = File::create(path).map_err(BuildError::io("open", path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Self { _file: file }),
            Err(Errno::WOULDBLOCK) => notify(BuildEvent::Waiting { what: what.to_owned() }),
            Err(errno) => return Err(BuildError::io("lock", path)(errno.into())),
        }
        wait(file).await.map(|file| Self { _file: file }).map_err(BuildError::io("lock", path))
    }
}

/// Waits on a thread of its own, which holds up neither the runtime nor its end when nobody waits any more.
async fn wait(file: File) -> io::Result<File> {
    let (done, waiting) = oneshot::channel();
    std::thread::spawn(move || done.send(flock(&file, FlockOperation::LockExclusive).map(|()| file)));
    Ok(waiting.await.map_err(io::Error::other)??)
}
