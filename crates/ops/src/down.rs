//! Takes all of an environment away: its slots, routes and releases. Its history stays.

use plimsoll_model::{EnvironmentName, PlanHash};
use serde::{Deserialize, Serialize};

use crate::DeploymentView;

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
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployment that took it away.
    pub deployment: DeploymentView,
}
