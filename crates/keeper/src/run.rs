//! A keeper's own life: getting free of whoever started it, taking its folder, being at work until it was told to stop.

use std::io::{self, Write};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::process::{getpid, set_child_subreaper, setsid, umask};

use crate::supervise::Supervisor;
use crate::{KeeperError, KeeperSpec, folder, handover, leftover, procfs, user};

/// What a keeper says on its standard output once it has tried to start its program; if it cannot get that far, it says why.
pub(crate) const UP: &str = "up";

/// Is the keeper of `folder`: what `plimsoll keeper FOLDER` does. Whoever starts it has it back at once, since a keeper works
/// in a process and session of its own; there it returns when the program was stopped on request or by `SIGTERM`.
///
/// # Errors
/// When the folder or the spec in it cannot be used, another keeper is at work there, or the operating system refuses something.
pub fn run(folder: &Path) -> Result<(), KeeperError> {
    let own = procfs::own().map_err(KeeperError::io("read", Path::new("/proc/self/stat")))?;
    if own.session != own.pid && !set_free()? {
        return Ok(());
    }
    let outcome = keep(folder);
    if let Err(error) = &outcome {
        say(&error.to_string());
    }
    outcome
}

/// Forks, and makes the fork the leader of a session that belongs to no one once we end; whether this is the fork. A fork does
/// not have to load the program and link it again, which is most of what starting a keeper costs.
///
/// # Panics
/// When there is a second thread: it would be missing in the fork, with all the locks that it holds.
fn set_free() -> Result<bool, KeeperError> {
    let refused = KeeperError::system::<io::Error>("start the keeper in a session of its own");
    let threads = std::fs::read_dir("/proc/self/task").map_err(KeeperError::io("read", Path::new("/proc/self/task")))?;
    assert_eq!(threads.count(), 1, "a keeper starts no threads before it is free");
    // SAFETY: with a single thread, the fork is as whole as what it was forked from.
    match unsafe { libc::fork() } {
        -1 => Err(refused(io::Error::last_os_error())),
        0 => setsid().map(|_| true).map_err(|error| refused(error.into())),
        _ => Ok(false),
    }
}

fn keep(folder: &Path) -> Result<(), KeeperError> {
    let folder = std::path::absolute(folder).map_err(KeeperError::io("find", folder))?;
    // Sockets are bound by their name alone, since their paths are limited to 107 bytes.
    std::env::set_current_dir(&folder).map_err(KeeperError::io("enter", &folder))?;
    let here = Path::new(".");
    let life = folder::try_lock(here, folder::LIFE)?.ok_or_else(|| KeeperError::Taken { folder: folder.clone() })?;
    leftover::clear_away(here)?;
    let spec = KeeperSpec::load(here)?;
    let credentials = user::resolve(spec.user.as_deref())?;
    settle(&spec)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(KeeperError::system("start the runtime"))?;
    runtime.block_on(async {
        Supervisor::new(&folder, spec, credentials)?.keep(life, || say(UP)).await;
        Ok(())
    })
}

/// What the process is to be like before there are tasks, files and children.
fn settle(spec: &KeeperSpec) -> Result<(), KeeperError> {
    umask(Mode::RWXG | Mode::RWXO);
    rustix::thread::set_name(c"plimsoll-keeper").map_err(KeeperError::system("name the process"))?;
    set_child_subreaper(Some(getpid())).map_err(KeeperError::system("become the parent of orphans"))?;
    if spec.hold_sockets {
        handover::reserve_seats().map_err(KeeperError::system("keep file descriptors free"))?;
    }
    Ok(())
}

/// Says `word` to whoever started us, if he still listens, and closes standard output.
fn say(word: &str) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{word}").and_then(|()| out.flush());
    if let Ok(null) = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()) {
        let _ = rustix::stdio::dup2_stdout(null);
    }
}
