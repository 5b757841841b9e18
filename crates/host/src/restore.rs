//! Bringing the world to what the ledger says: after a start of the daemon, whatever happened in between.

use futures_util::future::join_all;

use crate::execute::{Table, start};
use crate::ledger::SlotRow;
use crate::trouble::Trouble;
use crate::world::World;

/// Starts every slot that shall run and does not, and makes the proxy serve the recorded routes.
/// What does not work is logged and does not keep the rest from coming up.
pub(crate) async fn all(world: &World, table: &Table) {
    match running(world).await {
        Ok(rows) => drop(join_all(rows.iter().map(|row| bring_up(world, row))).await),
        Err(trouble) => tracing::error!(%trouble, "the ledger cannot be read"),
    }
    plimsoll_crashpoint::reach!("host: slots brought up, routes not");
    if let Err(trouble) = table.restore(world).await {
        tracing::error!(%trouble, "routes could not be restored");
    }
}

async fn bring_up(world: &World, row: &SlotRow) {
    if let Err(trouble) = start(world, row).await {
        tracing::error!(slot = %row.slot, key = %row.key, %trouble, "slot could not be started");
    }
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
