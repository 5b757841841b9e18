//! How the proxy is told what to do: JSON over HTTP/1 on a Unix socket that only its owner can open.
//!
//! [`Client`] is for whoever steers the proxy. The other end is `server.rs`; what both agree on is `wire.rs`.

mod client;
mod error;
pub(crate) mod server;
mod wire;

pub use client::Client;
pub use error::ControlError;
pub use wire::{Counts, Drained, RouteStatus, Status};
