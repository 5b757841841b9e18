//! Applies the migrations of the source that databases do not have yet, and changes nothing else.

use plimsoll_model::{ComponentName, EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::migrating::{self, Way, Wish};
use crate::{Approve, Context, DeploymentView, OpError, Progress};

/// What is migrated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
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

/// Migrates as a deployment does.
///
/// # Errors
/// Nothing is deployed, or it ended as a deployment that fails does.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let Input { environment, database, expect_plan, reason } = input;
    let wish = Wish { environment, database, way: Way::Up, expect_plan, reason };
    Ok(Output { deployment: migrating::run(context, wish, approve, progress).await? })
}
