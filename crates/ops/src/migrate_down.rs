//! Undoes the last migrations of databases, and changes nothing else. The next deployment applies them again.

use plimsoll_model::{ComponentName, EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::migrating::{self, Way, Wish};
use crate::{Approve, Context, DeploymentView, OpError, Progress};

/// What is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
    /// How many of each database, the last ones first.
    pub count: u32,
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
    /// The deployment.
    pub deployment: DeploymentView,
}

/// Undoes them as a deployment of its own: after the decision, with a backup before where the environment wants one.
///
/// # Errors
/// Nothing is deployed, one of them has no `down` file, or it ended as a deployment that fails does.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let Input { environment, database, count, expect_plan, reason } = input;
    let wish = Wish { environment, database, way: Way::Down(count), expect_plan, reason };
    Ok(Output { deployment: migrating::run(context, wish, approve, progress).await? })
}
