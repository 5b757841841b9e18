//! Commit: what is left to do once the deployment is live. It cannot fail any more; what does not work is reported.

use plimsoll_api::Order;
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::Failure;

use crate::conduct::Conduct;
use crate::persist;

/// Lets every host finish. Answers what did not work, or which host will finish when it is seen again.
pub(crate) async fn run(conduct: &Conduct<'_>, id: &DeploymentId) -> Vec<Failure> {
    let answers = conduct.fleet.all(|name, host| persist::order(conduct, name, host, id, Order::Commit));
    let left = |answer| match answer {
        Ok(plimsoll_api::Report { leftovers, .. }) => leftovers,
        Err(error) => vec![plimsoll_api::HostError::to_failure(&error)],
    };
    answers.await.into_values().flat_map(left).collect()
}
