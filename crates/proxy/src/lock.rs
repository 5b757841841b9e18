//! One proxy per folder. A second one would share the ports silently and answer from a table of its own.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// The claim on a folder; released when dropped, or when the process ends however it ends.
#[derive(Debug)]
#[must_use]
pub(crate) struct FolderLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Takes the lock of `folder`. A successor, which was given sockets, waits for the proxy before it;
/// anything else that finds the folder taken was started by mistake.
pub(crate) fn take(folder: &Path, successor: bool) -> io::Result<FolderLock> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("proxy.lock"))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) if successor => {
            tracing::info!(folder = %folder.display(), "waiting for the proxy before this one to stop");
            flock(&file, FlockOperation::LockExclusive)?;
        }
        other => other?,
    }
    Ok(FolderLock(file))
}
