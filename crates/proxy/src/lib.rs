//! The data plane: routes requests to slots and sites, and switches without losing one.
//!
//! A process of its own, so that neither a crash nor an upgrade of the daemon touches traffic. It is told one
//! thing, a whole [`RouteTable`](plimsoll_model::route::RouteTable), over its [`control`] socket; it keeps that
//! table on disk and serves it again at once after a restart. What should be routed where, and whether a slot is
//! healthy, is decided by others.
//!
//! Three rules hold all of it together:
//! - **Swap under the lock, drain outside it.** A request looks its route up and claims the slot under one read
//!   lock (`live.rs`). Whoever sees a slot's count at zero after a swap knows that no request will reach it again.
//! - **A table is taken whole or not at all.** New ports are bound and the state is on disk before the swap.
//! - **Listening sockets outlive the process.** They are also held by whoever started it (`sockets/`), so that
//!   connections wait during a restart and are not refused.

pub mod control;
mod end;
mod forward;
mod live;
mod lock;
mod options;
mod payload;
mod ports;
mod run;
mod serve;
mod site;
mod slot;
mod sockets;
mod state;
mod status;
mod switchboard;
mod table;
mod tls;
mod traffic;

pub use options::Options;
pub use run::{ProxyError, run};
pub use sockets::bind::Addresses;
