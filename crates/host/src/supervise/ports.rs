//! Ports for slots. Between the choice of a port and the program that listens on it other hosts on this machine choose theirs, so a
//! choice is claimed: by a socket with an abstract name, which lives where ports do and goes with the process that holds it.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Mutex, PoisonError};

use plimsoll_model::Digest;

use crate::folders::Folders;
use crate::trouble::Trouble;

/// Below the range from which systems take ports for outgoing connections.
const RANGE: std::ops::Range<u16> = 20_000..30_000;

/// As many claims are held, the last ones: far more than slots are started at once.
const HELD: usize = 64;

/// The ports of one host.
#[derive(Debug)]
pub(super) struct Ports {
    /// Where to begin to look. Hosts on one machine begin at different places, so that they seldom meet.
    first: u16,
    claims: Mutex<VecDeque<UnixDatagram>>,
}

impl Ports {
    /// Those of the host with these folders.
    pub(super) fn of(folders: &Folders) -> Self {
        let seed = Digest::of(folders.root().as_os_str().as_encoded_bytes());
        let first = u16::from_le_bytes([seed.as_bytes()[0], seed.as_bytes()[1]]) % RANGE.len() as u16;
        Self { first, claims: Mutex::default() }
    }

    /// One that may be used.
    pub(super) fn free(&self, taken: &[u16]) -> Result<u16, Trouble> {
        self.choose(taken).ok_or_else(|| {
            Trouble::new("no-free-port", format!("every port from {} to {} is taken", RANGE.start, RANGE.end - 1)).with_help("stop what uses them")
        })
    }

    /// One on which nothing listens, that no host has claimed, and that is none of `taken`.
    fn choose(&self, taken: &[u16]) -> Option<u16> {
        let ports = RANGE.skip(usize::from(self.first)).chain(RANGE.take(usize::from(self.first)));
        ports.into_iter().find(|port| !taken.contains(port) && self.claim(*port))
    }

    fn claim(&self, port: u16) -> bool {
        let name = SocketAddr::from_abstract_name(format!("plimsoll-port-{port}"));
        let Ok(claim) = name.and_then(|name| UnixDatagram::bind_addr(&name)) else { return false };
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_err() {
            return false;
        }
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        claims.push_back(claim);
        if claims.len() > HELD {
            claims.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_is_not_chosen_again_by_anyone() {
        let folders = Folders::new("/home/a");
        let (one, other) = (Ports::of(&folders), Ports::of(&folders));
        let chosen = [one.choose(&[]), other.choose(&[]), one.choose(&[])].map(|port| port.expect("there are ports enough"));
        assert!(chosen[0] != chosen[1] && chosen[1] != chosen[2] && chosen[0] != chosen[2], "{chosen:?}");
    }

    #[test]
    fn where_somebody_listens_nobody_else_is_sent() {
        let ports = Ports::of(&Folders::new("/home/c"));
        let port = ports.choose(&[]).expect("there are ports enough");
        drop(ports);
        let _listens = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("nobody listens there");
        assert!(!Ports::of(&Folders::new("/home/d")).claim(port));
    }

    #[test]
    fn of_many_claims_the_first_are_let_go() {
        let ports = Ports::of(&Folders::new("/home/b"));
        for _ in 0..=HELD {
            ports.choose(&[]).expect("there are ports enough");
        }
        assert_eq!(ports.claims.into_inner().expect("nobody panicked").len(), HELD);
    }
}
