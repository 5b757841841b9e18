//! Roll back: every host undoes what it began.

use plimsoll_api::{HostError, Order};
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::Failure;

use crate::conduct::{Conduct, Note};
use crate::persist;

/// Rolls back on all hosts, side by side.
///
/// # Errors
/// That of the first host that could not undo everything, or did not answer: the latter undoes it alone when its lease ends.
pub(crate) async fn run(conduct: &Conduct<'_>, id: &DeploymentId, failure: &Failure) -> Result<(), HostError> {
    conduct.note(Note::RollingBack { failure: failure.clone() });
    let order = Order::RollBack { failure: failure.clone() };
    let answers = conduct.fleet.all(|name, host| persist::order(conduct, name, host, id, order.clone()));
    answers.await.into_values().try_for_each(|answer| answer.map(drop))
}
