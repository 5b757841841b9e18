//! Claiming a folder and listening in it: one daemon each, reachable by its owner alone.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use plimsoll_model::deployment::Failure;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::net::UnixListener;

use crate::folders::Folders;
use crate::trouble::Trouble;

/// The claim on a folder. Released when dropped, or when the process ends however it ends.
#[derive(Debug)]
#[must_use = "the folder is free for another daemon when this is dropped"]
pub struct Lock {
    /// Ours to delete; none where somebody else keeps it for us.
    socket: Option<PathBuf>,
    #[expect(dead_code, reason = "held for its lock, and released after the socket is gone")]
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(socket) = &self.socket {
            // A dead socket that stays does no harm: the next daemon clears it away.
            let _ = std::fs::remove_file(socket);
        }
    }
}

/// Connections that wait to be accepted.
const BACKLOG: i32 = 256;

/// Longest path that the name of a socket has room for, in bytes, on all systems.
const LONGEST_NAME: usize = 100;

/// Claims the folder (making it for its owner alone, when it is missing) and listens on its socket. From then on clients may
/// connect and wait; call it before anything that takes long. Needs a Tokio runtime.
///
/// # Errors
/// `already-running` when another daemon has the folder, `no-permission`, or `folder-unusable`.
pub fn bind(folders: &Folders) -> Result<(Lock, UnixListener), Trouble> {
    let lock = Lock { socket: Some(folders.socket()), file: claim(folders)? };
    let listener = listen(&folders.socket()).map_err(|error| trouble("listen on", &folders.socket(), &error))?;
    Ok((lock, listener))
}

/// Claims the folder, as [`bind`] does, for who was passed a socket that listens already, as systemd does: who may connect to it was
/// decided there. Needs a Tokio runtime.
///
/// # Errors
/// As there.
pub fn adopt(folders: &Folders, passed: std::os::unix::net::UnixListener) -> Result<(Lock, UnixListener), Trouble> {
    let lock = Lock { socket: None, file: claim(folders)? };
    let listener = passed.set_nonblocking(true).and_then(|()| UnixListener::from_std(passed));
    Ok((lock, listener.map_err(|error| trouble("listen on", Path::new("the socket that was passed"), &error))?))
}

/// Makes the folder, and takes the right to write away from others where they had it.
fn make(folder: &Path) -> Result<(), Trouble> {
    let made = || -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mode = std::fs::metadata(folder)?.permissions().mode();
        if mode & 0o022 != 0 {
            std::fs::set_permissions(folder, Permissions::from_mode(mode & 0o7755))?;
        }
        Ok(())
    };
    made().map_err(|error| trouble("make", folder, &error))
}

fn claim(folders: &Folders) -> Result<File, Trouble> {
    make(folders.root())?;
    let path = folders.lock();
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(|error| trouble("open", &path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(already_running(folders.root())),
        Err(TryLockError::Error(error)) => Err(trouble("lock", &path, &error)),
    }
}

/// To be called with the lock held: a socket that is there is a dead one.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    name(&socket, path)?;
    // Nobody can connect before there is a listener.
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    rustix::net::listen(&socket, BACKLOG)?;
    UnixListener::from_std(socket.into())
}

/// Where the path is too long for a socket's name, the way there is over a handle on its folder.
fn name(socket: &OwnedFd, path: &Path) -> io::Result<()> {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(file)) if path.as_os_str().len() > LONGEST_NAME => {
            let handle = File::open(folder)?;
            let way = Path::new("/proc/self/fd").join(handle.as_raw_fd().to_string()).join(file);
            Ok(rustix::net::bind(socket, &SocketAddrUnix::new(&way)?)?)
        }
        _ => Ok(rustix::net::bind(socket, &SocketAddrUnix::new(path)?)?),
    }
}

fn already_running(folder: &Path) -> Trouble {
    Failure::new("already-running", format!("a daemon has {} already", folder.display())).with_help("use that one; plimsoll host stop ends it")
}

fn trouble(action: &str, path: &Path, error: &io::Error) -> Trouble {
    let code = if error.kind() == io::ErrorKind::PermissionDenied { "no-permission" } else { "folder-unusable" };
    Failure::new(code, format!("cannot {action} {}: {error}", path.display()))
        .with_help("the daemon's folder must belong to the user that it runs as, on a file system of this machine with space left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "something in the way of a daemon")]
    async fn a_folder_that_cannot_be_used_is_told_with_what_it_should_be() {
        let folder = tempfile::tempdir().expect("there is room");
        let inside = |name: &str| folder.path().join(name);
        std::fs::write(inside("file"), "").expect("there is room");
        std::fs::create_dir_all(inside("locked/host.lock")).expect("there is room");
        std::fs::create_dir_all(inside("taken/host.sock")).expect("there is room");
        for (name, words) in [("file", "cannot make"), ("locked", "cannot open"), ("taken", "cannot listen on")] {
            let trouble = bind(&Folders::new(inside(name))).expect_err("something is in the way");
            assert_eq!(trouble.code, "folder-unusable", "{trouble}");
            assert!(trouble.message.starts_with(words) && trouble.message.contains(&inside(name).display().to_string()), "{trouble}");
            assert!(trouble.help.is_some_and(|help| help.contains("with space left")));
        }
    }

    #[test]
    fn who_may_not_is_told_so() {
        let error = io::Error::from(io::ErrorKind::PermissionDenied);
        assert_eq!(trouble("make", Path::new("/srv"), &error).code, "no-permission");
    }
}
