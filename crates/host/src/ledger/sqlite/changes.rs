//! Changes to what a host holds, written together with a journal record.

use plimsoll_model::plan::Served;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, EnvironmentKey, ReleaseId, SlotId};
use sqlx::SqliteConnection;

use super::fault::Fault;
use super::{FORM, audit, components};
use crate::ledger::{Change, SlotRow};

/// Writes one change, of the moment `at`.
pub(super) async fn apply(db: &mut SqliteConnection, at: Moment, change: &Change) -> Result<(), Fault> {
    match change {
        Change::Slot(row) => set_slot(db, row).await,
        Change::SlotGone { key, slot } => forget_slot(db, key, slot).await,
        Change::Staged { key, component, release } => stage(db, key, component, release).await,
        Change::Unstaged { key, component, release } => unstage(db, key, component, release).await,
        Change::Served { key, component, served, since } => serve(db, key, component, served.as_ref(), *since).await,
        Change::Told(deed) => audit::tell(db, at, deed).await,
    }
}

async fn set_slot(db: &mut SqliteConnection, row: &SlotRow) -> Result<(), Fault> {
    let environment = components::component(db, &row.key, &row.component).await?;
    let number = number(&row.slot);
    let raise = sqlx::query("UPDATE components SET next_slot = max(next_slot, ?) WHERE environment = ? AND component = ?");
    raise.bind(number.saturating_add(1)).bind(environment).bind(row.component.as_str()).execute(&mut *db).await?;
    let put = sqlx::query("INSERT OR REPLACE INTO slots (environment, slot, component, number, form, row) VALUES (?, ?, ?, ?, ?, ?)");
    let text = serde_json::to_string(row).map_err(Fault::unreadable("a slot"))?;
    put.bind(environment).bind(row.slot.as_str()).bind(row.component.as_str()).bind(number).bind(FORM).bind(text).execute(db).await?;
    Ok(())
}

/// The number in a slot's name.
fn number(slot: &SlotId) -> u32 {
    slot.as_str().rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or(u32::MAX)
}

async fn forget_slot(db: &mut SqliteConnection, key: &EnvironmentKey, slot: &SlotId) -> Result<(), Fault> {
    let environment = components::environment(db, key).await?;
    sqlx::query("DELETE FROM slots WHERE environment = ? AND slot = ?").bind(environment).bind(slot.as_str()).execute(db).await?;
    Ok(())
}

async fn stage(db: &mut SqliteConnection, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> Result<(), Fault> {
    let environment = components::component(db, key, component).await?;
    let put = "INSERT OR REPLACE INTO staged (environment, component, release, used) \
               VALUES (?1, ?2, ?3, (SELECT coalesce(max(used), 0) + 1 FROM staged WHERE environment = ?1 AND component = ?2))";
    sqlx::query(put).bind(environment).bind(component.as_str()).bind(release.to_string()).execute(db).await?;
    Ok(())
}

async fn unstage(db: &mut SqliteConnection, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> Result<(), Fault> {
    let environment = components::environment(db, key).await?;
    let delete = sqlx::query("DELETE FROM staged WHERE environment = ? AND component = ? AND release = ?");
    delete.bind(environment).bind(component.as_str()).bind(release.to_string()).execute(db).await?;
    Ok(())
}

async fn serve(
    db: &mut SqliteConnection,
    key: &EnvironmentKey,
    component: &ComponentName,
    served: Option<&Served>,
    since: Moment,
) -> Result<(), Fault> {
    let environment = components::component(db, key, component).await?;
    let text = served.map(serde_json::to_string).transpose().map_err(Fault::unreadable("what serves"))?;
    let update = sqlx::query("UPDATE components SET served = ?, since = ? WHERE environment = ? AND component = ?");
    update.bind(text).bind(since.0).bind(environment).bind(component.as_str()).execute(&mut *db).await?;
    let Some(served) = served else { return Ok(()) };
    let touch = "UPDATE staged SET used = (SELECT max(used) + 1 FROM staged WHERE environment = ?1 AND component = ?2) \
                 WHERE environment = ?1 AND component = ?2 AND release = ?3";
    sqlx::query(touch).bind(environment).bind(component.as_str()).bind(served.release.to_string()).execute(db).await?;
    Ok(())
}
