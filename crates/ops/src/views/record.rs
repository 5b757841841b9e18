//! A deployment, as the history tells it.

use plimsoll_model::approval::Approver;
use plimsoll_model::deployment::{ComponentChange, DeploymentRecord, Failure, Outcome};
use plimsoll_model::plan::Intent;
use plimsoll_model::time::Moment;
use plimsoll_model::{DeploymentId, PlanHash};
use schemars::JsonSchema;
use serde::Serialize;

/// One deployment of an environment's history.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RecordView {
    /// Its name.
    pub id: DeploymentId,
    /// How it ended, or that it has not.
    pub outcome: Outcome,
    /// What it was for.
    #[serde(flatten)]
    pub intent: Intent,
    /// When it began.
    pub started_at: Moment,
    /// How long it took, in milliseconds; 0 while it goes on.
    pub duration_ms: u64,
    /// Who ran it: `USER@MACHINE`.
    pub actor: String,
    /// How it was asked for: `cli`, `mcp`, `dashboard`.
    pub surface: String,
    /// The plan that it executed.
    pub plan: PlanHash,
    /// The commit that it was made from.
    pub commit: Option<String>,
    /// What people call that.
    pub version: String,
    /// It was made from a work tree with changes that are in no commit.
    pub dirty: bool,
    /// Why, in the words of who ran it.
    pub reason: Option<String>,
    /// Who has approved it, where somebody had to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Approver>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// What it changed.
    pub components: Vec<ComponentChange>,
}

impl From<&DeploymentRecord> for RecordView {
    fn from(record: &DeploymentRecord) -> Self {
        Self {
            id: record.id.clone(),
            outcome: record.outcome(),
            intent: record.intent.clone(),
            started_at: record.started_at,
            duration_ms: record.duration_ms(),
            actor: format!("{}@{}", record.holder.user, record.holder.machine),
            surface: record.holder.surface.clone(),
            plan: record.plan,
            commit: record.source.commit.clone(),
            version: record.source.version.clone(),
            dirty: record.source.dirty,
            reason: record.reason.clone(),
            approved_by: record.approval.as_ref().map(|approval| approval.by.clone()),
            failure: record.failure.clone(),
            components: record.components.clone(),
        }
    }
}
