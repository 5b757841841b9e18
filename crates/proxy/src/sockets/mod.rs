//! Listening sockets: binding them ([`bind`]), having them held elsewhere while this process restarts ([`notify`]),
//! and taking them over from there ([`inherit`]). Who accepts from them is `serve/`'s business.

pub(crate) mod bind;
pub(crate) mod inherit;
pub(crate) mod notify;

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

/// A listening socket under the name by which it is held elsewhere.
#[derive(Debug)]
pub(crate) struct Kept {
    /// `tcp-PORT-NUMBER`.
    pub(crate) name: String,
    /// The socket.
    pub(crate) listener: TcpListener,
}

/// All that was held while this process was away.
#[derive(Debug, Default)]
pub(crate) struct Inherited {
    /// Where clients come.
    pub(crate) ports: Vec<Kept>,
    /// Where the daemon comes: held as [`CONTROL`].
    pub(crate) control: Option<UnixListener>,
}

/// The name by which the control socket is held.
pub(crate) const CONTROL: &str = "control";

impl Inherited {
    /// Whether anything was.
    pub(crate) fn is_empty(&self) -> bool {
        self.ports.is_empty() && self.control.is_none()
    }
}

impl Kept {
    /// The socket number `number` of `port`.
    pub(crate) fn numbered(port: u16, number: usize, listener: TcpListener) -> Self {
        Self { name: format!("tcp-{port}-{number}"), listener }
    }
}
