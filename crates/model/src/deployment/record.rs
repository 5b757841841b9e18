//! What a ledger keeps of a deployment, and shows.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Failure, Stage};
use crate::approval::Approval;
use crate::plan::{Change, Desired, Intent};
use crate::source::Source;
use crate::time::Moment;
use crate::{ComponentName, DeploymentId, EnvironmentKey, PlanHash, ReleaseId};

/// How a deployment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Fully live.
    Committed,
    /// As if it had never begun.
    RolledBack,
    /// There was nothing to do.
    Unchanged,
    /// Not settled.
    Undecided,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outcome::Committed => "committed",
            Outcome::RolledBack => "rolled back",
            Outcome::Unchanged => "unchanged",
            Outcome::Undecided => "undecided",
        })
    }
}

/// Who runs a deployment: the holder of its lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Holder {
    /// Login name.
    pub user: String,
    /// Host name of the operator's machine.
    pub machine: String,
    /// Process id there.
    pub pid: u32,
    /// How it was asked for: `cli`, `mcp`, `dashboard`.
    pub surface: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} ({}, pid {})", self.user, self.machine, self.surface, self.pid)
    }
}

/// A deployment, as a host's ledger tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentRecord {
    /// Its name; sorts by time.
    pub id: DeploymentId,
    /// What it changed.
    pub key: EnvironmentKey,
    /// The plan that it executed.
    pub plan: PlanHash,
    /// What it was for.
    pub intent: Intent,
    /// What it was made from.
    pub source: Source,
    /// Who ran it.
    pub holder: Holder,
    /// Why, in the words of who ran it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The name that its caller gave the call: called so again, it is not done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The approval that it had, where it needed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Box<Approval>>,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Moment>,
    /// How far it is.
    pub stage: Stage,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What it changed, by component.
    pub components: Vec<ComponentChange>,
    /// Commit steps that did not work; nothing of the new state depends on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<Failure>,
    /// The state that it was to reach.
    pub desired: Desired,
}

/// What a deployment changed of one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ComponentChange {
    /// The component.
    pub name: ComponentName,
    /// What about it.
    pub change: Change,
    /// The release that it got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseId>,
}

impl DeploymentRecord {
    /// How it ended, or that it has not.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if let Stage::Closed { outcome } = self.stage { outcome } else { Outcome::Undecided }
    }

    /// How long it took, in milliseconds; 0 while it goes on.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.ended_at.map_or(0, |end| end.since(self.started_at))
    }
}
