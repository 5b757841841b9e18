//! Brings a source live in an environment.

use plimsoll_model::{EnvironmentName, PlanHash};
use serde::{Deserialize, Serialize};

use crate::{DeploymentView, Tests, Wanted};

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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployment.
    pub deployment: DeploymentView,
}
