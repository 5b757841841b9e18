//! One execution of a plan: what happened, and what may happen next.
//!
//! [`Progress`] is the whole state of a deployment on one host. It is made from journal records alone, by one
//! total function, [`Progress::next`]: on the live road, on replay after a crash, and in the simulated world.

mod event;
mod history;
mod next;
mod record;

#[cfg(test)]
mod tests;

pub use event::{Event, Failure};
pub use history::{HistoryError, recallable, rollback_target, serving, stable_before};
pub use next::{IllegalEvent, Progress, Stage, StepState};
pub use record::{ComponentChange, DeploymentRecord, Holder, Outcome};
