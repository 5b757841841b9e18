//! Takes all of an environment away: its slots, routes and releases. Its history stays.

use std::time::Instant;

use plimsoll_api::SecretValues;
use plimsoll_engine::Fleet;
use plimsoll_model::plan::{Desired, Intent};
use plimsoll_model::source::Source;
use plimsoll_model::{EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::project::Loaded;
use crate::proposal::{Aim, CutOff, Proposal, make, terms};
use crate::undertaking::{Mandate, Undertaking};
use crate::workbench::{Workbench, until_cancelled};
use crate::{Approve, Context, DeploymentView, OpError, Progress, hosts, project};

/// What is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Carries out only this plan, seen before.
    #[serde(default)]
    pub expect_plan: Option<PlanHash>,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How it ended: `committed` or `unchanged`. Another end is an error, with the same `deployment` in its details.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployment that took it away.
    pub deployment: DeploymentView,
}

/// Carries out the plan after which nothing is there.
///
/// # Errors
/// It ended as a deployment that fails does: everything is as it was, or exit code 6 says that it could not be.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let mandate = Mandate { expect_plan: input.expect_plan, reason: input.reason, begun: Instant::now() };
    let loaded = project::load(context, &input.environment)?;
    let (fleet, proposal) = until_cancelled(context, plan(context, &loaded, progress)).await?;
    let bench = Workbench::new(context, &loaded.project, &SecretValues::default(), progress);
    let undertaking = Undertaking::announce(&bench, &fleet, &proposal, mandate).await?;
    let deployment = undertaking.finish(approve).await?;
    Ok(Output { deployment })
}

async fn plan(context: &Context, loaded: &Loaded, progress: &Progress) -> Result<(Fleet, Proposal), OpError> {
    let fleet = hosts::connect(context, &loaded.project).await?;
    let nothing = Source { version: "nothing".into(), ..Source::default() };
    let terms = terms(loaded, &fleet, Intent::Down, nothing);
    let proposal = make(context, &fleet, terms, Aim::known(Desired::default()), CutOff::Settle, progress).await?;
    Ok((fleet, proposal))
}
