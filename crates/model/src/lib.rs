//! Nouns and pure judgement: no I/O, no async, no clock.
//!
//! Everything that Plimsoll speaks of is named here, and everything that can be decided without
//! touching the world is decided here: what a manifest means ([`manifest`]), what has to be done
//! ([`plan`]), and what may happen next in a deployment ([`deployment`]). Doing it is left to others.

pub mod agents;
pub mod approval;
pub mod audit;
pub mod backup;
pub mod check;
pub mod copy;
pub mod database;
pub mod deployment;
pub mod digest;
pub mod finding;
pub mod manifest;
pub mod name;
pub mod path;
pub mod plan;
pub mod policy;
pub mod recipient;
pub mod release;
pub mod route;
pub mod secret;
pub mod slot;
pub mod source;
pub mod time;

pub use digest::{ConfigHash, Digest, PlanHash, ReleaseId, StateHash};
pub use name::{BackupId, ComponentName, DeploymentId, EnvironmentKey, EnvironmentName, HostName, ProjectName, SlotId};
pub use path::RelPath;
pub use policy::Policy;
pub use recipient::Recipient;
pub use secret::Secret;
