//! Keeping the lease while the coordinator lives.

use std::time::Duration;

use plimsoll_api::HostError;
use plimsoll_model::DeploymentId;

use crate::conduct::Conduct;

/// Does `work`, and renews the lease on every host all the while, three times within its length.
/// Ends early when a host says that the lease is lost.
pub(crate) async fn keep<T>(conduct: &Conduct<'_>, id: &DeploymentId, work: impl Future<Output = Result<T, HostError>>) -> Result<T, HostError> {
    tokio::select! {
        biased;
        done = work => done,
        lost = renew(conduct, id) => Err(lost),
    }
}

async fn renew(conduct: &Conduct<'_>, id: &DeploymentId) -> HostError {
    let pause = Duration::from_millis((conduct.plan.lease_ms / 3).max(1));
    loop {
        tokio::time::sleep(pause).await;
        plimsoll_crashpoint::reach!("operator: before renew");
        // A host that cannot be reached is tried again the next time: its lease decides, not ours.
        for answer in conduct.fleet.all(|_, host| host.renew(id)).await.into_values() {
            if let Err(error @ HostError::LeaseLost(_)) = answer {
                return error;
            }
        }
    }
}
