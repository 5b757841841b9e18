//! Seal and decide. From here on nothing is undone by itself.

use plimsoll_api::{HostError, Order};
use plimsoll_model::DeploymentId;

use crate::conduct::{Conduct, Note};
use crate::persist;

/// Seals every host but the home host.
pub(crate) async fn others(conduct: &Conduct<'_>, id: &DeploymentId) -> Result<(), HostError> {
    let home = &conduct.fleet.home;
    let sealed = conduct
        .fleet
        .all(|name, host| async move { if name == home { Ok(()) } else { persist::order(conduct, name, host, id, Order::Seal).await.map(drop) } });
    sealed.await.into_values().collect()
}

/// Lets the home host decide, when all others are sealed: its own seal and the decision are one record of its ledger. Not to be cancelled:
/// whoever asks for the decision must learn whether it was taken.
pub(crate) async fn decide(conduct: &Conduct<'_>, id: &DeploymentId) -> Result<(), HostError> {
    persist::order(conduct, &conduct.fleet.home, conduct.fleet.home(), id, Order::Decide).await?;
    conduct.note(Note::Decided);
    Ok(())
}
