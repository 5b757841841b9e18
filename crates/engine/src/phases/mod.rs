//! The phases of a deployment, over all hosts at once.

pub(crate) mod commit;
pub(crate) mod open;
pub(crate) mod prepare;
pub(crate) mod roll_back;
pub(crate) mod seal;
pub(crate) mod switch;
pub(crate) mod verify;

use plimsoll_api::{HostError, Order};
use plimsoll_model::DeploymentId;

use crate::conduct::Conduct;
use crate::persist;

/// Gives every host that has work in `level` the same order, side by side; all must have done it.
async fn each(conduct: &Conduct<'_>, id: &DeploymentId, level: u32, order: Order) -> Result<(), HostError> {
    let at_work = |name| conduct.plan.part(name).nth(level as usize).is_some_and(|work| !work.is_empty());
    let answers = conduct.fleet.all(|name, host| {
        let order = order.clone();
        async move { if at_work(name) { persist::order(conduct, name, host, id, order).await.map(drop) } else { Ok(()) } }
    });
    answers.await.into_values().collect()
}
