//! Carrying out orders: the protocol of a deployment on one host.
//!
//! Every step is journaled before and after its effect. What was begun and not finished, for whatever reason, is
//! undone or done again from the journal alone.

mod commit;
mod deployment;
mod health;
mod journal;
mod order;
mod phase;
mod roll_back;
mod step;
mod table;

pub(crate) use deployment::Deployment;
pub(crate) use health::well;
pub(crate) use order::{carry_out, settle, watch_lease};
pub(crate) use step::start;
pub(crate) use table::Table;
