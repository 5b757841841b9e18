//! How the proxy is told what to do: JSON over HTTP/1 on a Unix socket that only its owner can open.
//!
//! [`Client`] is for whoever steers the proxy. The other end is `server.rs`; what both agree on is `wire.rs`. A proxy that gave its place
//! to another one is told by that one what has changed, over a socket of its own: `retired.rs`.

mod client;
mod error;
pub(crate) mod retired;
pub(crate) mod server;
mod wire;

pub use client::Client;
pub use error::ControlError;
pub use wire::{Counts, Drained, RouteStatus, Status};
