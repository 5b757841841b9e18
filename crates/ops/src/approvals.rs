//! Tells which plans wait for an approval, or have one that nobody has used.

use plimsoll_api::{ApprovalQuery, ApprovalWork};
use plimsoll_engine::Fleet;
use plimsoll_model::approval::{Approval, Asked};
use plimsoll_model::deployment::Holder;
use plimsoll_model::plan::Intent;
use plimsoll_model::time::Moment;
use plimsoll_model::{EnvironmentKey, EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, hosts, project};

/// Where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The plans, the newest first.
    pub plans: Vec<Waiting>,
}

/// A plan that has to be approved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Waiting {
    /// Names it.
    pub plan: PlanHash,
    /// What it is for.
    #[serde(flatten)]
    pub intent: Intent,
    /// Who wants to carry it out.
    pub by: Holder,
    /// Why, in their words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub at: Moment,
    /// Its approval, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

impl From<Asked> for Waiting {
    fn from(Asked { plan, by, reason, at, approval }: Asked) -> Self {
        Self { plan: plan.hash(), intent: plan.intent, by, reason, at, approval }
    }
}

/// Asks the home host.
///
/// # Errors
/// It cannot be reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let key = loaded.key();
    let asked = match hosts::connect_existing(context, &loaded.project).await? {
        Some(fleet) => list(context, &fleet, &key).await?,
        None => Vec::new(),
    };
    Ok(Output { key, plans: asked.into_iter().map(Waiting::from).collect() })
}

/// The plans that the home host keeps.
pub(crate) async fn list(context: &Context, fleet: &Fleet, key: &EnvironmentKey) -> Result<Vec<Asked>, OpError> {
    Ok(fleet.home().approvals(ApprovalQuery { key: key.clone(), work: ApprovalWork::List, by: context.holder.clone() }).await?)
}
