//! Returns an environment to what an earlier deployment had made live.

use plimsoll_model::{DeploymentId, EnvironmentName, PlanHash};
use serde::{Deserialize, Serialize};

use crate::DeploymentView;

/// Where to return to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The state to return to.
    #[serde(default)]
    pub to: Target,
    /// Carries out only this plan, seen before.
    #[serde(default)]
    pub expect_plan: Option<PlanHash>,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// An earlier state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The newest good one before what serves now.
    #[default]
    Last,
    /// What this deployment had made live.
    Deployment(DeploymentId),
    /// The newest with this version.
    Version(String),
    /// The newest made from the commit whose hash begins so.
    Commit(String),
}

/// How it ended: `committed` or `unchanged`. Another end is an error, with the same `deployment` in its details.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployment that brought the earlier state back.
    pub deployment: DeploymentView,
}
