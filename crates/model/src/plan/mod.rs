//! What has to be done: from intent and observation to steps.
//!
//! Planning is pure. The same [`Desired`] and the same [`Observed`] hosts give the same [`Plan`], with the
//! same hash, whoever asks and whenever; nothing is left to be chosen when it runs.

mod batches;
mod desired;
mod diff;
mod judge;
mod levels;
mod make;
mod observed;
mod own;
mod schema;
mod step;
pub mod strategies;
mod ways;

#[cfg(test)]
mod tests;

pub use batches::MaxUnavailable;
pub use desired::{Desired, DesiredComponent, DesiredKind};
pub use diff::Change;
pub use judge::PlanError;
pub use levels::Cycle;
pub use make::{Estimates, Intent, Level, PLAN_VERSION, Plan, Terms, Work, make};
pub use observed::{DatabaseAt, Observed, ObservedComponent, OpenDeployment, PortUse, Served, Target};
pub use own::ToolRun;
pub use schema::{Move, SchemaTrouble};
pub use step::{Phase, Step, StepKind, StepRef, Steps};
