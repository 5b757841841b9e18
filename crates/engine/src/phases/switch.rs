//! Switch: the routes of a level flip, on all hosts.

use plimsoll_api::{HostError, Order};
use plimsoll_model::DeploymentId;
use plimsoll_model::plan::Phase;

use crate::conduct::{Conduct, Milestone, Note};

/// Switches one level on all hosts. Before the first one, those outside are told, and may object.
pub(crate) async fn run(conduct: &Conduct<'_>, id: &DeploymentId, level: u32) -> Result<(), HostError> {
    if level == 0 {
        conduct.outside.reached(id, Milestone::BeforeSwitch).await.map_err(HostError::Failed)?;
    }
    conduct.note(Note::Phase { level, phase: Phase::Switch });
    super::each(conduct, id, level, Order::Switch { level }).await
}
