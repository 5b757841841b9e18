//! The coordinator: drives a plan over hosts, as a transaction.
//!
//! It holds no state of its own. What it must not forget is in the hosts' ledgers; when it dies, they settle the
//! deployment without it, and [`recover`] brings together what a cut left apart.

mod conduct;
mod fleet;
mod lease;
mod persist;
mod phases;
mod pipeline;
pub mod recover;

pub use conduct::{Conduct, Ended, Milestone, Note, Notes, Outside, RouteCheck, Shipment};
pub use fleet::Fleet;
pub use pipeline::run;
