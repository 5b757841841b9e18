//! Says what `deploy` would do, and does nothing.

use plimsoll_model::EnvironmentName;
use serde::{Deserialize, Serialize};

use crate::{PlanView, Wanted};

/// What is to be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where to.
    pub environment: EnvironmentName,
    /// What from.
    #[serde(default)]
    pub source: Wanted,
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// What would be done. Its hash, given to `deploy`, makes sure that just this is.
    pub plan: PlanView,
}
