//! Tells what serves in an environment, and how it is.

use plimsoll_model::deployment::{Holder, Stage};
use plimsoll_model::slot::ObservedSlot;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, EnvironmentName, ReleaseId};
use serde::{Deserialize, Serialize};

use crate::RecordView;

/// Which environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Its name.
    pub environment: EnvironmentName,
}

/// An environment as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// Whether all of its components are.
    pub healthy: bool,
    /// Its components; none when nothing is deployed.
    pub components: Vec<Component>,
    /// The deployment that serves.
    pub deployment: Option<RecordView>,
    /// The deployment that is not settled.
    pub open: Option<Open>,
}

/// A component as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Component {
    /// Its name.
    pub name: ComponentName,
    /// The release that serves.
    pub release: Option<ReleaseId>,
    /// The version that serves.
    pub version: Option<String>,
    /// The commit that it was made from.
    pub commit: Option<String>,
    /// Since when it serves.
    pub since: Option<Moment>,
    /// Whether it answers its health check.
    pub healthy: bool,
    /// Why it is not healthy.
    pub trouble: Option<String>,
    /// Where a person finds it.
    pub url: Option<String>,
    /// Its slots.
    pub slots: Vec<ObservedSlot>,
}

/// A deployment that is not settled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Open {
    /// Its name.
    pub id: DeploymentId,
    /// Who runs it.
    pub holder: Holder,
    /// How far it is.
    #[serde(flatten)]
    pub stage: Stage,
    /// When its lease ends.
    pub lease_until: Moment,
    /// Whether the lease has ended: then `resume`, or the next command that changes the environment, settles it.
    pub expired: bool,
}
