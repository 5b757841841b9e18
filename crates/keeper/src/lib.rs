//! The small process that keeps one slot alive and outlives the daemon.
//!
//! Each program that a host runs for itself (a slot's, the proxy's) is started, watched, restarted and stopped by a keeper of
//! its own: `plimsoll keeper FOLDER`, at work in [`run`]. The daemon asks for one with [`Keeper::spawn`], and finds it again
//! with [`Keeper::attach`] after it was itself stopped, upgraded or killed; keeper and program do not notice.
//!
//! All that belongs to one keeper is in its folder: `keeper.json` (what to run), `keeper.lock` (held while it lives),
//! `keeper.sock` (states go out, requests come in), `child.json` (what to clear away if the keeper is killed), `keeper.log`
//! (its own troubles), `notify.sock` (where the program hands over its sockets).
//!
//! Which programs there are, whether they are healthy and where traffic goes is not known here. Linux only.

mod backoff;
mod child;
mod client;
mod control;
mod error;
mod family;
pub mod file;
mod folder;
mod handover;
mod leftover;
mod notify;
pub mod output;
pub mod procfs;
mod replace;
mod run;
mod spec;
mod state;
mod supervise;
mod user;
mod wire;

pub use client::{Keeper, Patience};
pub use error::KeeperError;
pub use run::run;
pub use spec::{Command, KeeperSpec, Output, Restart};
pub use state::{Exit, KeptState, Replacement};
pub use user::is_superuser;
