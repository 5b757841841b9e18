//! Listening sockets: binding them ([`bind`]), having them held elsewhere while this process restarts ([`notify`]),
//! and taking them over from there ([`inherit`]). Who accepts from them is `serve/`'s business.

pub(crate) mod bind;
pub(crate) mod inherit;
pub(crate) mod notify;

use std::net::TcpListener;

/// A listening socket under the name by which it is held elsewhere.
#[derive(Debug)]
pub(crate) struct Kept {
    /// `tcp-PORT-NUMBER`.
    pub(crate) name: String,
    /// The socket.
    pub(crate) listener: TcpListener,
}

impl Kept {
    /// The socket number `number` of `port`.
    pub(crate) fn numbered(port: u16, number: usize, listener: TcpListener) -> Self {
        Self { name: format!("tcp-{port}-{number}"), listener }
    }
}
