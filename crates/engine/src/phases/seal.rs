//! Seal and decide. From here on nothing is undone by itself.

use plimsoll_api::{HostError, Order};
use plimsoll_model::DeploymentId;

use crate::conduct::{Conduct, Note};
use crate::persist;

/// Seals every host but the home host, and then takes the decision there: seal and decision are one record of its ledger.
pub(crate) async fn run(conduct: &Conduct<'_>, id: &DeploymentId) -> Result<(), HostError> {
    let home = &conduct.fleet.home;
    let sealed = conduct
        .fleet
        .all(|name, host| async move { if name == home { Ok(()) } else { persist::order(conduct, name, host, id, Order::Seal).await.map(drop) } });
    sealed.await.into_values().collect::<Result<(), _>>()?;
    persist::order(conduct, home, conduct.fleet.home(), id, Order::Decide).await?;
    conduct.note(Note::Decided);
    Ok(())
}
