//! The ledger: what a host has on record. Journal, deployments, releases in use, slots, what serves, and the audit log.
//!
//! It is the truth. What the world looks like can be brought back to it at any time; it cannot be brought back
//! from the world.

mod durations;
mod sqlite;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use plimsoll_api::{AuditPage, AuditQuery};
use plimsoll_model::approval::{Approval, Asked};
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::deployment::{DeploymentRecord, Event};
use plimsoll_model::plan::{Plan, Served};
use plimsoll_model::slot::ProcessSpec;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, ConfigHash, DeploymentId, EnvironmentKey, HostName, PlanHash, ReleaseId, SlotId};
use serde::{Deserialize, Serialize};

use crate::trouble::Trouble;

pub use durations::{StepTimes, Timed, medians, step_medians};
pub use sqlite::SqliteLedger;

/// How many plans that have to be approved are kept of an environment.
pub const ASKED_KEPT: u32 = 50;

/// What is on record. Each call is one transaction, and durable when it returns.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Records a new deployment, its plan and its lease, and tells the audit log that it has begun ([`Deed::begun`]).
    async fn begin(&self, stored: &Stored) -> Result<(), Trouble>;

    /// Appends an event to the journal of a deployment, together with what it changes. The event must be one
    /// that is possible: the caller has asked [`plimsoll_model::deployment::Progress::next`].
    /// `Closed` also sets the time and outcome of the record, `RollingBack` its failure, and a failed commit step adds a leftover.
    async fn append(&self, id: &DeploymentId, at: Moment, event: &Event, changes: &[Change]) -> Result<(), Trouble>;

    /// Sets the end of a lease.
    async fn renew(&self, id: &DeploymentId, until: Moment) -> Result<(), Trouble>;

    /// A deployment, whole.
    async fn deployment(&self, id: &DeploymentId) -> Result<Option<Stored>, Trouble>;

    /// Every deployment that is not closed.
    async fn unsettled(&self) -> Result<Vec<Stored>, Trouble>;

    /// The deployments of an environment, the newest first, `limit` at most.
    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, Trouble>;

    /// The newest deployment of an environment that is committed.
    async fn committed(&self, key: &EnvironmentKey) -> Result<Option<DeploymentRecord>, Trouble>;

    /// Keeps a plan that somebody wants approved, in the place of what was kept of it. Of an environment, the newest [`ASKED_KEPT`] are kept.
    async fn ask(&self, asked: &Asked) -> Result<(), Trouble>;

    /// The plans for an environment that somebody wants approved, the newest first. Not told is which are.
    async fn asked(&self, key: &EnvironmentKey) -> Result<Vec<Asked>, Trouble>;

    /// Keeps an approval, once, and tells the audit log. Those that are no longer good at `at` go, used or not: they could not be used again.
    async fn approve(&self, at: Moment, approval: &Approval, deed: &Deed) -> Result<(), Trouble>;

    /// The approvals of a plan that no deployment has used. [`Self::begin`] uses the one that stands in the record, and refuses one that is used.
    async fn approvals(&self, key: &EnvironmentKey, plan: PlanHash) -> Result<Vec<Approval>, Trouble>;

    /// The components of an environment.
    async fn components(&self, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, ComponentRow>, Trouble>;

    /// Every environment that has or had anything.
    async fn environments(&self) -> Result<Vec<EnvironmentKey>, Trouble>;

    /// The key of an environment, with which hashes of its secrets are made. Made on first use, never shown.
    async fn secret_key(&self, key: &EnvironmentKey) -> Result<[u8; 32], Trouble>;

    /// How long each component took, from its first step's intent to the end of its verify steps, in milliseconds, in the last
    /// committed deployments (10 at most) of the environment: the median of each.
    async fn durations(&self, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, u64>, Trouble>;

    /// How long each sort of step took for each component, from its intent to its end, in milliseconds, in the same deployments: the median of each.
    async fn step_times(&self, key: &EnvironmentKey) -> Result<StepTimes, Trouble>;

    /// Adds an entry to the audit log, apart from any deployment. What belongs to one is told by [`Change::Told`].
    async fn tell(&self, at: Moment, deed: &Deed) -> Result<(), Trouble>;

    /// Rows of the audit log.
    async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, Trouble>;

    /// Takes entries from the front of the audit log that are older than `keep_from`, and puts that on record. Does nothing when there are none.
    async fn prune_audit(&self, at: Moment, keep_from: Moment, by: &Actor) -> Result<(), Trouble>;

    /// The builds of the daemon that have served here, the first one first.
    async fn builds(&self) -> Result<Vec<Build>, Trouble>;

    /// Puts it on record in the audit log when the daemon is of another build than the one that served last.
    async fn take_over(&self, at: Moment, build: &Build, by: &Actor) -> Result<(), Trouble>;
}

/// A build of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Its version.
    pub version: String,
    /// Tells one build of a version from another.
    pub build: String,
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {} (build {})", self.version, self.build)
    }
}

/// A deployment as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What is shown of it.
    pub record: DeploymentRecord,
    /// What it does.
    pub plan: Plan,
    /// What the plan calls this host.
    pub host: HostName,
    /// When its lease ends.
    pub lease_until: Moment,
    /// Its journal.
    pub journal: Vec<Event>,
}

/// Something that changes together with a journal record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A slot is there, or is another than before. Raises the component's next slot number above it.
    Slot(SlotRow),
    /// A slot is gone.
    SlotGone {
        /// Its environment.
        key: EnvironmentKey,
        /// Its name.
        slot: SlotId,
    },
    /// A release is laid out, and was used last.
    Staged {
        /// Its environment.
        key: EnvironmentKey,
        /// Its component.
        component: ComponentName,
        /// The release.
        release: ReleaseId,
    },
    /// A release is no longer laid out.
    Unstaged {
        /// Its environment.
        key: EnvironmentKey,
        /// Its component.
        component: ComponentName,
        /// The release.
        release: ReleaseId,
    },
    /// Something else serves, or nothing any more. What serves counts as used last among the staged releases.
    Served {
        /// The environment.
        key: EnvironmentKey,
        /// The component.
        component: ComponentName,
        /// What serves, with the deployment that made it.
        served: Option<Served>,
        /// Since when.
        since: Moment,
    },
    /// The audit log tells of it.
    Told(Box<Deed>),
}

/// A slot as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRow {
    /// Its environment.
    pub key: EnvironmentKey,
    /// Its component.
    pub component: ComponentName,
    /// Its name.
    pub slot: SlotId,
    /// The release that it runs.
    pub release: ReleaseId,
    /// How it is configured.
    pub config: ConfigHash,
    /// The same in full.
    pub spec: ProcessSpec,
    /// The port that it was given.
    pub port: u16,
    /// Whether it shall run.
    pub running: bool,
}

/// A component as it is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComponentRow {
    /// What serves.
    pub served: Option<Served>,
    /// Since when.
    pub since: Option<Moment>,
    /// Its slots.
    pub slots: Vec<SlotRow>,
    /// The number that its next slot gets.
    pub next_slot: u32,
    /// Releases that are laid out, the last used first.
    pub staged: Vec<ReleaseId>,
}
