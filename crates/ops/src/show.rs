//! Tells all that is on record of one deployment.

use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::{Failure, Holder, Stage};
use plimsoll_model::plan::Desired;
use plimsoll_model::source::Source;
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

use crate::RecordView;

/// Which deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The deployment's name, or as much of its beginning or end as tells it from others.
    pub id: String,
}

/// A deployment in full.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployment.
    pub deployment: Full,
}

/// All that is on record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Full {
    /// What the history tells too.
    #[serde(flatten)]
    pub record: RecordView,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How far it is.
    #[serde(flatten)]
    pub stage: Stage,
    /// Who ran it, in full.
    pub holder: Holder,
    /// What it was made from, in full.
    pub source: Source,
    /// Commit steps that did not work.
    pub leftovers: Vec<Failure>,
    /// The state that it was to reach.
    pub desired: Desired,
}
