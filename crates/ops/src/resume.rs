//! Settles a deployment that was cut off.

use plimsoll_model::deployment::{Failure, Outcome};
use plimsoll_model::{DeploymentId, EnvironmentName};
use serde::{Deserialize, Serialize};

/// Where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployment that was settled; none when nothing was left undecided.
    pub deployment: Option<Settled>,
}

/// A deployment that was settled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settled {
    /// Its name.
    pub id: DeploymentId,
    /// How it ended.
    pub outcome: Outcome,
    /// What is left to do on a host and does no harm.
    pub leftovers: Vec<Failure>,
}
