//! HostApi over a Unix socket, plain or through SSH.
//!
//! [`Client`] asks a daemon that is there. [`Daemon`] is the one of this machine, which is started when it is needed and
//! replaced when it is of another build. [`Client::remote`] is one of another machine, reached by this one's own `ssh`. What requests look like is said in [`plimsoll_api::wire`]; when they are made is
//! left to the engine.

mod client;
mod daemon;
pub mod dial;
mod door;
mod error;
mod former;
mod install;
mod lines;
mod link;
mod socket;
mod ssh;
mod start;
mod upload;
mod way;

pub use client::Client;
pub use daemon::{Daemon, build_id, is_newer};
pub use error::ConnectError;
pub use install::{Ground, Package};
pub use ssh::{KeyError, KeyFile, Known, Ssh};
