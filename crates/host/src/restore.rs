//! Bringing the world to what the ledger says: after a start of the daemon, whatever happened in between, and whenever something that
//! shall run was lost or did not come up.

use std::sync::{Arc, Weak};

use futures_util::future::join_all;
use plimsoll_model::EnvironmentKey;

use crate::execute::{Table, start};
use crate::host::Host;
use crate::ledger::SlotRow;
use crate::trouble::Trouble;
use crate::world::World;

/// What did not come up is tried again after this long, then after twice that, in milliseconds.
const FIRST_PAUSE_MS: u64 = 500;
const LONGEST_PAUSE_MS: u64 = 60_000;

/// What is not known to be as the ledger says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    slots: bool,
    routes: bool,
}

impl Missing {
    fn any(self) -> bool {
        self.slots || self.routes
    }
}

/// Starts every slot that shall run and does not, and makes the proxy serve the recorded routes; answers what is still missing.
/// What does not work is logged and does not keep the rest from coming up.
pub(crate) async fn all(world: &World, table: &Table) -> Missing {
    let slots = !slots(world, &|_| true).await;
    plimsoll_crashpoint::reach!("host: slots brought up, routes not");
    Missing { slots, routes: !routes(world, table).await }
}

/// Watches over what shall run as long as the host is there: what is lost or missing is brought back, with growing pauses while that fails.
pub(crate) async fn watch(host: Weak<Host>, world: World, mut missing: Missing) {
    let mut pause_ms = FIRST_PAUSE_MS;
    loop {
        let again = world.clock.sleep_until(world.clock.now().plus(pause_ms));
        tokio::select! {
            () = world.supervisor.lost() => (missing.slots, pause_ms) = (true, FIRST_PAUSE_MS),
            () = world.router.lost() => (missing.routes, pause_ms) = (true, FIRST_PAUSE_MS),
            () = again, if missing.any() => pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS),
        }
        let Some(host) = host.upgrade() else { return };
        missing = bring_back(&host, missing).await;
    }
}

/// Brings back what is missing, but for what a deployment that is under way has in its hands.
async fn bring_back(host: &Arc<Host>, missing: Missing) -> Missing {
    let Some((_idle, busy)) = host.idle().await else { return Missing { slots: false, routes: false } };
    let slots = missing.slots && !(slots(&host.world, &|key| !busy.contains(key)).await && busy.is_empty());
    let routes = missing.routes && !(busy.is_empty() && routes(&host.world, &host.table).await);
    Missing { slots, routes }
}

async fn routes(world: &World, table: &Table) -> bool {
    let restored = table.restore(world).await;
    restored.map_err(|trouble| tracing::error!(%trouble, "routes could not be restored")).is_ok()
}

/// Whether the slots of these environments run.
async fn slots(world: &World, of: &(dyn Fn(&EnvironmentKey) -> bool + Sync)) -> bool {
    match running(world).await {
        Ok(rows) => join_all(rows.iter().filter(|row| of(&row.key)).map(|row| bring_up(world, row))).await.into_iter().all(|runs| runs),
        Err(trouble) => {
            tracing::error!(%trouble, "the ledger cannot be read");
            false
        }
    }
}

async fn bring_up(world: &World, row: &SlotRow) -> bool {
    let started = start(world, row).await;
    started.map_err(|trouble| tracing::error!(slot = %row.slot, key = %row.key, %trouble, "slot could not be started")).is_ok()
}

/// Ends every slot and the proxy. The ledger still says that they shall run: a later start brings them back.
pub(crate) async fn stop_all(world: &World) -> Result<(), Trouble> {
    world.router.stop().await?;
    let rows = running(world).await?;
    let stop = rows.iter().map(|row| world.supervisor.stop(&row.key, &row.slot, row.spec.drain_timeout_ms));
    join_all(stop).await.into_iter().collect()
}

async fn running(world: &World) -> Result<Vec<SlotRow>, Trouble> {
    let mut rows = Vec::new();
    for key in world.ledger.environments().await? {
        let components = world.ledger.components(&key).await?;
        rows.extend(components.into_values().flat_map(|component| component.slots).filter(|slot| slot.running));
    }
    Ok(rows)
}
