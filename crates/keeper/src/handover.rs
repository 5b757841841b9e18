//! The sockets that a program leaves with its keeper and gets back when it is started again: systemd's file descriptor store
//! (`sd_pid_notify_with_fds(3)`, `sd_listen_fds(3)`). While the program is down, connections wait in their backlog.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use rustix::fs::{Mode, OFlags, fstat};
use rustix::io::fcntl_dupfd_cloexec;

/// The descriptor of the first held socket in the program.
pub(crate) const FIRST_SEAT: RawFd = 3;
/// How many sockets are held at most.
pub(crate) const MOST: usize = 512;

/// What is held, in the order in which it came.
#[derive(Debug, Default)]
pub(crate) struct Held(Vec<(String, OwnedFd)>);

impl Held {
    /// Keeps `socket` as `name`, unless it is kept already. Gives it back when there is no room.
    pub(crate) fn keep(&mut self, name: &str, socket: OwnedFd) -> Result<(), OwnedFd> {
        if self.0.iter().any(|(_, held)| is_same(held, &socket)) {
            return Ok(());
        }
        if self.0.len() == MOST {
            return Err(socket);
        }
        self.0.push((name.to_owned(), socket));
        Ok(())
    }

    /// Closes all that is held as `name`.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(held, _)| held != name);
    }

    /// What tells a program of it. `LISTEN_PID` is left out: the number is not known when the environment is made.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let names: Vec<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        vec![("LISTEN_FDS", names.len().to_string()), ("LISTEN_FDNAMES", names.join(":"))]
    }

    /// The descriptors, as they are in the keeper.
    pub(crate) fn descriptors(&self) -> Vec<RawFd> {
        self.0.iter().map(|(_, socket)| socket.as_raw_fd()).collect()
    }
}

/// Whether two descriptors are of one socket. One whose identity cannot be had is like no other.
fn is_same(one: &impl AsFd, other: &impl AsFd) -> bool {
    matches!((fstat(one), fstat(other)), (Ok(one), Ok(other)) if (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino))
}

/// Fills the descriptors that held sockets have in the program, for as long as this process lives: nothing that it opens later
/// can be there, and so nothing is overwritten in a fork of it when the sockets are put there.
pub(crate) fn reserve_seats() -> io::Result<()> {
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let end = FIRST_SEAT + RawFd::try_from(MOST).expect("it is a small number");
    loop {
        let seat = fcntl_dupfd_cloexec(&null, FIRST_SEAT)?;
        if seat.as_raw_fd() >= end {
            return Ok(());
        }
        // Never closed.
        std::mem::forget(seat);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn sockets(names: &[&str]) -> (tempfile::TempDir, Vec<OwnedFd>) {
        let folder = tempfile::tempdir().unwrap();
        let sockets = names.iter().map(|name| UnixListener::bind(folder.path().join(name)).unwrap().into()).collect();
        (folder, sockets)
    }

    #[test]
    fn a_socket_is_kept_once_and_in_order() {
        let (_folder, sockets) = sockets(&["a", "b", "c"]);
        let mut held = Held::default();
        assert_eq!(held.environment(), []);
        for (name, socket) in ["http", "https", "http"].into_iter().zip(&sockets) {
            held.keep(name, socket.try_clone().unwrap()).unwrap();
            held.keep("again", socket.try_clone().unwrap()).unwrap();
        }
        assert_eq!(held.environment(), [("LISTEN_FDS", "3".to_owned()), ("LISTEN_FDNAMES", "http:https:http".to_owned())]);
        held.remove("http");
        assert_eq!(held.environment(), [("LISTEN_FDS", "1".to_owned()), ("LISTEN_FDNAMES", "https".to_owned())]);
    }

    #[test]
    fn there_is_an_end_to_it() {
        let names: Vec<String> = (0..=MOST).map(|number| number.to_string()).collect();
        let (_folder, sockets) = sockets(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let mut held = Held::default();
        let refused: Vec<bool> = sockets.into_iter().map(|socket| held.keep("x", socket).is_err()).collect();
        assert_eq!(refused.iter().filter(|refused| **refused).count(), 1);
        assert!(refused[MOST]);
    }
}
