//! Brings a source live in an environment.

mod build;

use std::time::Instant;

use plimsoll_model::{EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::project::Loaded;
use crate::proposal::{CutOff, Groundwork, Proposal, to_deploy};
use crate::undertaking::{Mandate, Undertaking};
use crate::workbench::{Workbench, until_cancelled};
use crate::{Approve, Context, DeploymentView, OpError, Progress, Tests, Wanted, project};

/// What is to be deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where to.
    pub environment: EnvironmentName,
    /// What from.
    #[serde(default)]
    pub source: Wanted,
    /// What is tested before any host is touched.
    #[serde(default)]
    pub tests: Tests,
    /// Carries out only this plan, seen before; refuses with `plan-stale` when another one would be made now.
    #[serde(default)]
    pub expect_plan: Option<PlanHash>,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How it ended: `committed` or `unchanged`. Another end is an error, with the same `deployment` in its details.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployment.
    pub deployment: DeploymentView,
}

/// Plans, waits for a yes where one is wanted, builds what hosts lack, and carries the plan out.
///
/// # Errors
/// Everything is as it was: the manifest is not right, a build or test failed, a host refused, or the deployment was rolled back.
/// Exit code 6 says that it could not be.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let mandate = Mandate { expect_plan: input.expect_plan, reason: input.reason, begun: Instant::now() };
    let loaded = project::load(context, &input.environment)?;
    let planned = to_deploy(context, &loaded, &input.source, CutOff::Settle, progress);
    let planned = until_cancelled(context, planned).await?;
    let deployment = carry_out(context, &loaded, planned, (input.tests, mandate), approve, progress).await?;
    Ok(Output { deployment })
}

/// Waits for a yes where one is wanted, builds what hosts lack, and carries the plan out.
pub(crate) async fn carry_out(
    context: &Context,
    loaded: &Loaded,
    (Groundwork { fleet, material, secrets, certificates }, proposal): (Groundwork, Proposal),
    (tests, mandate): (Tests, Mandate),
    approve: &dyn Approve,
    progress: &Progress,
) -> Result<DeploymentView, OpError> {
    let bench = Workbench::new(context, &loaded.project, &secrets.values, progress).hiding(&secrets.values, &certificates);
    let undertaking = Undertaking::announce(&bench, &fleet, &proposal, mandate).await?;
    if let Some(ended) = undertaking.ended_before() {
        return ended;
    }
    undertaking.judge().await?;
    undertaking.ask(approve).await?;
    // No host is touched before all of this has worked.
    let built = build::run(&bench, material, &proposal, tests, undertaking.surroundings());
    let shipments = until_cancelled(context, built).await?;
    undertaking.carry_out(&shipments, secrets.values, certificates).await
}
