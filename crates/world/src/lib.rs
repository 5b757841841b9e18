//! A host in memory: the production host over a machine that exists only here, with crashes and failures on demand.
//!
//! [`SimHost`] is a [`plimsoll_api::HostApi`]. Behind it runs [`plimsoll_host::Host`], unchanged, with every effect on a [`Machine`]:
//! slots, routes, releases, and a ledger that keeps what was written. A crash ends the host at a chosen journal record, before or after it
//! is written; the machine stays, and the next call starts a new host on it, as a command would start the daemon. Time is Tokio's, so a
//! test that pauses it waits for nothing. Every effect is judged as it happens, and what never may is in the [`Chronicle`].

mod approvals;
mod audit;
mod books;
mod chronicle;
mod deed;
mod effects;
mod fault;
mod host;
mod judge;
mod ledger;
mod likeness;
mod logs;
mod machine;
mod pace;
mod protocol;
mod story;
mod tempo;

pub use chronicle::{Chronicle, Invariant, Violation};
pub use fault::{Crash, EffectFault, Moment, RecordFault};
pub use host::SimHost;
pub use likeness::{Likeness, stand_ins};
pub use machine::{Behaviour, Machine};
pub use protocol::Protocol;
