//! Starting the program: what it is given, and nothing else.

use std::collections::BTreeMap;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use plimsoll_model::Secret;
use plimsoll_model::slot::Limits;
use rustix::fs::Mode;
use rustix::process::{Pid, Resource, Rlimit, Signal, getpid, getppid, getrlimit, set_parent_process_death_signal, setrlimit, setsid, umask};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::handover::{FIRST_SEAT, Held};
use crate::user::Credentials;
use crate::{Command, KeeperError, KeeperSpec};

/// A program that was just started.
pub(crate) struct Child {
    /// Its process, group and session.
    pub pid: Pid,
    /// Its standard output.
    pub out: OwnedFd,
    /// Its standard error.
    pub err: OwnedFd,
}

/// What is in a program's secrets file.
pub(crate) type Secrets = BTreeMap<String, Secret<String>>;

/// Reads the secrets at `path`; none without one.
pub(crate) fn secrets(path: Option<&Path>) -> Result<Secrets, KeeperError> {
    let Some(path) = path else { return Ok(Secrets::new()) };
    let text = std::fs::read(path).map_err(KeeperError::io("read", path))?;
    let values: BTreeMap<String, String> = serde_json::from_slice(&text).map_err(KeeperError::unreadable(path))?;
    Ok(values.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
}

/// What a program finds around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    /// Where it is heard.
    pub notify: Option<&'a Path>,
    /// Whether another program runs that it is to take the place of.
    pub beside: bool,
}

/// Starts what `spec` says, with `secrets` and what tells of its `surroundings` in its environment and what is `held` from file
/// descriptor 3 on.
pub(crate) fn start(
    spec: &KeeperSpec,
    credentials: Option<Credentials>,
    secrets: &Secrets,
    held: &Held,
    surroundings: Surroundings<'_>,
) -> io::Result<Child> {
    let mut command = command(&spec.command);
    command.current_dir(&spec.cwd).env_clear().envs(&spec.env).envs(secrets.iter().map(|(name, value)| (name, value.expose())));
    command.envs(held.environment()).envs(surroundings.notify.map(|path| ("NOTIFY_SOCKET", path)));
    command.envs(surroundings.beside.then_some(("KEEPER_REPLACES", "1")));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (limits, seats, keeper) = (limits(&spec.limits), held.descriptors(), getpid());
    // SAFETY: the closure runs between fork and exec and makes system calls only; all it needs was allocated before, and the
    // keeper has a single thread whose locks no one else could hold. The seats that it writes to are reserved: see `take_seats`.
    unsafe { command.pre_exec(move || become_program(&limits, credentials.as_ref(), &seats, keeper)) };
    let mut child = command.spawn()?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process id is a small positive number");
    let out = child.stdout.take().expect("standard output is piped").into();
    let err = child.stderr.take().expect("standard error is piped").into();
    Ok(Child { pid, out, err })
}

#[expect(clippy::disallowed_methods, reason = "the program that is kept")]
fn command(command: &Command) -> std::process::Command {
    let (path, args) = command.words();
    let mut program = std::process::Command::new(path);
    program.args(args);
    program
}

/// Makes the forked process what the program is to find itself in.
fn become_program(limits: &[(Resource, Rlimit)], credentials: Option<&Credentials>, seats: &[RawFd], keeper: Pid) -> io::Result<()> {
    setsid()?;
    umask(Mode::WGRP | Mode::WOTH);
    for (resource, limit) in limits {
        setrlimit(*resource, *limit)?;
    }
    if let Some(Credentials { uid, gid, groups }) = credentials {
        set_thread_groups(groups)?;
        set_thread_gid(*gid)?;
        set_thread_uid(*uid)?;
    }
    // Becoming someone else takes this back, so it comes after. It tells of ends to come only: one that was before is looked for.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Some(keeper) {
        return Err(rustix::io::Errno::SRCH.into());
    }
    take_seats(seats)
}

/// Puts what is held on the descriptors from [`FIRST_SEAT`] on, open for the program.
fn take_seats(held: &[RawFd]) -> io::Result<()> {
    for (&held, seat) in held.iter().zip(FIRST_SEAT..) {
        // SAFETY: `held` is open, in the keeper and so in its fork.
        let held = unsafe { BorrowedFd::borrow_raw(held) };
        // SAFETY: nothing else is at the seat: the keeper reserved it before it opened anything. It stays open, and is not ours to close.
        let mut seat = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(seat) });
        debug_assert_ne!(held.as_raw_fd(), seat.as_raw_fd(), "what is held came after the seats were reserved");
        rustix::io::dup2(held, &mut seat)?;
    }
    Ok(())
}

/// What is to be limited, to how much. More than we may have ourselves cannot be given, and is no limit of ours.
fn limits(limits: &Limits) -> Vec<(Resource, Rlimit)> {
    let wanted = [
        (Resource::As, limits.memory_bytes),
        (Resource::Nofile, limits.open_files),
        (Resource::Nproc, limits.processes),
        (Resource::Cpu, limits.cpu_seconds),
    ];
    let limited = wanted.into_iter().filter_map(|(resource, most)| Some((resource, most?)));
    limited
        .map(|(resource, most)| {
            let most = Some(getrlimit(resource).maximum.map_or(most, |own| own.min(most)));
            (resource, Rlimit { current: most, maximum: most })
        })
        .collect()
}
