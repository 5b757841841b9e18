//! HostApi over a Unix socket.
//!
//! [`Client`] asks a daemon that is there. [`Daemon`] is the one of this machine, which is started when it is needed and
//! replaced when it is of another build. What requests look like is said in [`plimsoll_api::wire`]; when they are made is
//! left to the engine.

mod client;
mod daemon;
mod door;
mod error;
mod former;
mod lines;
mod link;
mod socket;
mod start;
mod upload;

pub use client::Client;
pub use daemon::{Daemon, build_id};
pub use error::ConnectError;
