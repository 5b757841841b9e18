//! HostApi for this machine: ledger, releases, slots, routes, and the daemon that serves them.
//!
//! [`Host`] carries out orders. It keeps the protocol (intent before effect, undo in reverse, leases) and leaves
//! every effect to one narrow trait each, gathered in [`World`]: the same host runs on a real machine and in a
//! simulated one. [`serve`] is the daemon around it.

mod approve;
mod audit;
pub mod authority;
pub mod certificates;
pub mod clock;
pub mod daemon;
pub mod database;
pub mod enrol;
mod execute;
pub mod folders;
mod host;
pub mod ledger;
mod look;
pub mod policy;
pub mod probe;
mod program;
pub mod releases;
mod restore;
pub mod route;
pub mod runs;
pub mod secrets;
pub mod serve;
pub mod supervise;
mod trouble;
mod upgrade;
mod world;

pub use host::{About, Handle, Host};
pub use look::platform;
pub use trouble::Trouble;
pub use world::World;
