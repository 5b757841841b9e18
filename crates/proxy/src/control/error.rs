//! What can go wrong when the proxy is told something: the same type at both ends of the socket.

use plimsoll_model::ComponentName;
use serde::{Deserialize, Serialize};

/// Why the proxy did not do what it was told. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ControlError {
    /// Another process listens on a port of the table.
    #[error("port {port} is taken by another process")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// A port cannot be opened.
    #[error("cannot listen on port {port}: {reason}")]
    Bind {
        /// The port.
        port: u16,
        /// What the system says.
        reason: String,
    },
    /// The table is older than the one in force.
    #[error("route table {given} is older than table {current}, which is in force")]
    Stale {
        /// Generation of the refused table.
        given: u64,
        /// Generation in force.
        current: u64,
    },
    /// The table makes no sense.
    #[error("the route table cannot be served: {reason}")]
    Invalid {
        /// What is wrong with it.
        reason: String,
    },
    /// A route has a certificate that cannot be used.
    #[error("the route of {component} cannot speak TLS: {reason}")]
    Certificate {
        /// The component that the route leads to.
        component: ComponentName,
        /// What is wrong with its certificate.
        reason: String,
    },
    /// The table could not be made durable.
    #[error("the route table cannot be kept: {reason}")]
    State {
        /// Why.
        reason: String,
    },
    /// A slot was to be drained that requests are still sent to.
    #[error("slot {slot} cannot be drained: a route leads to it")]
    StillRouted {
        /// The slot.
        slot: String,
    },
    /// The proxy serves no more: another one takes its place.
    #[error("the proxy is giving its place to another one")]
    Retired {},
    /// The proxy does not know such a request.
    #[error("the proxy cannot {request}: {reason}")]
    Request {
        /// Method and path.
        request: String,
        /// Why not.
        reason: String,
    },
    /// Nobody answers at the control socket.
    #[error("the proxy does not answer at {socket}: {reason}")]
    Unreachable {
        /// Path of the socket.
        socket: String,
        /// What the system says.
        reason: String,
    },
    /// Something answers, but not as this program expects it.
    #[error("the proxy at {socket} gives an answer that makes no sense here: {reason}")]
    Answer {
        /// Path of the socket.
        socket: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl ControlError {
    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::PortTaken { .. } => "stop the program that listens there, or give the route another port",
            Self::Bind { .. } => "ports below 1024 need a system-wide proxy (`plimsoll host provision`) or another port",
            Self::Stale { .. } => "read the table in force and build on it",
            Self::Invalid { .. } => "give each route a port, a path that starts with '/', and requests of its own",
            Self::Certificate { .. } => "deploy again: the certificate is then sent to this host",
            Self::State { .. } => "look at the proxy's folder: is its disk full or read-only?",
            Self::StillRouted { .. } => "switch its route first",
            Self::Retired {} => "ask the other one, in a moment",
            Self::Request { .. } | Self::Answer { .. } => "bring proxy and daemon to the same version (`plimsoll host upgrade`)",
            Self::Unreachable { .. } => "start the proxy, and look at its log",
        }
    }
}
