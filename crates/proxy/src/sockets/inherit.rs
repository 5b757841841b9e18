//! Taking over the sockets that were held while this process was away: systemd's `LISTEN_FDS` protocol.

use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionbio};
use rustix::net::sockopt::socket_acceptconn;

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
            inherited.control = adopt(fd, &name);
        } else {
            inherited.ports.extend(adopt(fd, &name).map(|listener| Kept { name, listener }));
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

fn adopt<S: From<OwnedFd>>(fd: OwnedFd, name: &str) -> Option<S> {
    let listens = socket_acceptconn(&fd).and_then(|listens| if listens { ioctl_fionbio(&fd, true) } else { Err(Errno::INVAL) });
    match listens {
        Ok(()) => Some(S::from(fd)),
        Err(error) => {
            tracing::warn!(name, %error, "a passed descriptor is no listening socket; left alone");
            std::mem::forget(fd);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::unix::net::UnixListener;

    use super::*;

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

    #[test]
    fn only_what_listens_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let control = UnixListener::bind(folder.path().join("x.sock")).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let file = File::open("/dev/null").unwrap();
        for (fd, what, listens) in [
            (OwnedFd::from(listener), "a port", true),
            (control.into(), "a control socket", true),
            (client.into(), "a connection", false),
            (udp.into(), "a socket for datagrams", false),
            (file.into(), "a file", false),
        ] {
            assert_eq!(adopt::<OwnedFd>(fd, what).is_some(), listens, "{what}");
        }
        assert!(ours(1 << 20, "nothing").is_none(), "it is not open");
    }
}
