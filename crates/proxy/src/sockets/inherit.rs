//! Taking over the sockets that were held while this process was away: systemd's `LISTEN_FDS` protocol.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;

use rustix::io::{FdFlags, fcntl_setfd};

use super::{CONTROL, Inherited, Kept};

/// The first descriptor that is passed; the ones below are the standard streams.
const FIRST: RawFd = 3;

/// What the environment says of passed descriptors.
#[derive(Debug, Default)]
pub(crate) struct Passed<'e> {
    /// `LISTEN_PID`: for whom they are. May be absent; then they are for whoever finds them.
    pub(crate) pid: Option<&'e str>,
    /// `LISTEN_FDS`: how many.
    pub(crate) count: Option<&'e str>,
    /// `LISTEN_FDNAMES`: their names, joined by colons.
    pub(crate) names: Option<&'e str>,
}

impl Passed<'_> {
    /// Number and name of each descriptor that is for process `own`.
    pub(crate) fn descriptors(&self, own: u32) -> Vec<(RawFd, String)> {
        if self.pid.is_some_and(|pid| pid.parse() != Ok(own)) {
            return Vec::new();
        }
        let count: RawFd = self.count.and_then(|count| count.parse().ok()).unwrap_or(0);
        let mut names = self.names.unwrap_or_default().split(':');
        (0..count).map(|n| (FIRST + n, names.next().unwrap_or_default().to_owned())).collect()
    }
}

/// Takes the sockets that the starter of this process held for it.
///
/// Has to run before anything else in the process opens a descriptor. What is not one of our listening sockets
/// is left alone, but marked not to be inherited by others.
pub(crate) fn sockets() -> Inherited {
    let read = |name| std::env::var(name).ok();
    let (pid, count, names) = (read("LISTEN_PID"), read("LISTEN_FDS"), read("LISTEN_FDNAMES"));
    let passed = Passed { pid: pid.as_deref(), count: count.as_deref(), names: names.as_deref() };
    let mut inherited = Inherited::default();
    for (fd, name) in passed.descriptors(std::process::id()) {
        let Some(fd) = ours(fd, &name) else { continue };
        if name == CONTROL {
            inherited.control = adopt(fd, &name, UnixListener::from, |socket| socket.set_nonblocking(true));
        } else {
            let listener = adopt(fd, &name, TcpListener::from, |socket| socket.set_nonblocking(true).and_then(|()| socket.local_addr().map(drop)));
            inherited.ports.extend(listener.map(|listener| Kept { name, listener }));
        }
    }
    inherited
}

fn ours(fd: RawFd, name: &str) -> Option<OwnedFd> {
    // SAFETY: the protocol gives descriptors 3 and up to this process, and nothing has taken them before.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    match fcntl_setfd(&fd, FdFlags::CLOEXEC) {
        Ok(()) => Some(fd),
        Err(error) => {
            tracing::warn!(name, %error, "a passed descriptor is not open");
            std::mem::forget(fd);
            None
        }
    }
}

fn adopt<S: AsFd>(fd: OwnedFd, name: &str, make: impl FnOnce(OwnedFd) -> S, check: impl FnOnce(&S) -> io::Result<()>) -> Option<S> {
    let socket = make(fd);
    match check(&socket) {
        Ok(()) => Some(socket),
        Err(error) => {
            tracing::warn!(name, %error, "a passed descriptor is no listening socket; left alone");
            std::mem::forget(socket);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Passed;

    fn check(pid: Option<&str>, count: Option<&str>, names: Option<&str>, expect: &[(i32, &str)]) {
        let found = Passed { pid, count, names }.descriptors(7);
        assert_eq!(found, expect.iter().map(|(fd, name)| (*fd, (*name).to_owned())).collect::<Vec<_>>(), "{pid:?} {count:?} {names:?}");
    }

    #[test]
    fn only_what_is_ours_is_taken() {
        check(None, None, None, &[]);
        check(Some("7"), Some("2"), Some("tcp-80-0:tcp-80-1"), &[(3, "tcp-80-0"), (4, "tcp-80-1")]);
        check(None, Some("1"), Some("tcp-80-0"), &[(3, "tcp-80-0")]);
        check(Some("8"), Some("1"), Some("tcp-80-0"), &[]);
        check(Some("x"), Some("1"), Some("tcp-80-0"), &[]);
        check(Some("7"), Some("2"), Some("a"), &[(3, "a"), (4, "")]);
        check(Some("7"), Some("-1"), None, &[]);
        check(Some("7"), Some("many"), None, &[]);
    }
}
