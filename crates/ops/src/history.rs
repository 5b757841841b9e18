//! Tells what was deployed to an environment, the newest first.

use plimsoll_model::EnvironmentName;
use serde::{Deserialize, Serialize};

use crate::RecordView;

/// How far back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// So many at most.
    pub limit: u32,
}

/// What was deployed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployments, the newest first.
    pub deployments: Vec<RecordView>,
}
