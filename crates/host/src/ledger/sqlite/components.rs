//! Environments and their components, in and out.

use std::collections::BTreeMap;
use std::io::Read;

use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, ProjectName, ReleaseId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::FORM;
use super::fault::Fault;
use super::schema::judge_version;
use crate::ledger::{ComponentRow, SlotRow};

/// The row of an environment, which is made when there is none.
pub(super) async fn environment(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<i64, Fault> {
    let select = sqlx::query_scalar("SELECT id FROM environments WHERE project = ? AND environment = ?");
    if let Some(there) = select.bind(key.project.as_str()).bind(key.environment.as_str()).fetch_optional(&mut *db).await? {
        return Ok(there);
    }
    let insert = sqlx::query_scalar("INSERT INTO environments (project, environment) VALUES (?, ?) RETURNING id");
    Ok(insert.bind(key.project.as_str()).bind(key.environment.as_str()).fetch_one(db).await?)
}

/// The row of a component's environment; the component has a row after this. It is never deleted: its slot numbers must not fall.
pub(super) async fn component(db: &mut SqliteConnection, key: &EnvironmentKey, component: &ComponentName) -> Result<i64, Fault> {
    let environment = environment(db, key).await?;
    let insert = sqlx::query("INSERT OR IGNORE INTO components (environment, component) VALUES (?, ?)");
    insert.bind(environment).bind(component.as_str()).execute(db).await?;
    Ok(environment)
}

/// All components of an environment. One statement, as it is asked at every step: each one has to go to SQLite's thread and back.
pub(super) async fn read(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, ComponentRow>, Fault> {
    let select = "SELECT component, next_slot, served, since, \
                  (SELECT json_group_array(json_array(form, row) ORDER BY number, slot) FROM slots \
                   WHERE slots.environment = id AND slots.component = components.component) AS slots, \
                  (SELECT json_group_array(release ORDER BY used DESC) FROM staged \
                   WHERE staged.environment = id AND staged.component = components.component) AS staged \
                  FROM components JOIN environments ON id = components.environment WHERE project = ? AND environments.environment = ?";
    let rows = sqlx::query(select).bind(key.project.as_str()).bind(key.environment.as_str()).fetch_all(db).await?;
    rows.iter().map(|row| Ok((name(row.try_get("component")?)?, component_row(row)?))).collect()
}

fn component_row(row: &SqliteRow) -> Result<ComponentRow, Fault> {
    let served: Option<&str> = row.try_get("served")?;
    Ok(ComponentRow {
        served: served.map(serde_json::from_str).transpose().map_err(Fault::unreadable("what serves"))?,
        since: row.try_get::<Option<i64>, _>("since")?.map(Moment),
        slots: slots(row.try_get("slots")?)?,
        next_slot: row.try_get("next_slot")?,
        staged: staged(row.try_get("staged")?)?,
    })
}

fn slots(list: &str) -> Result<Vec<SlotRow>, Fault> {
    let slots: Vec<(u32, String)> = serde_json::from_str(list).map_err(Fault::unreadable("slots"))?;
    let read = |(form, row): &(u32, String)| {
        judge_version(*form, FORM)?;
        serde_json::from_str(row).map_err(Fault::unreadable("a slot"))
    };
    slots.iter().map(read).collect()
}

fn staged(list: &str) -> Result<Vec<ReleaseId>, Fault> {
    let releases: Vec<String> = serde_json::from_str(list).map_err(Fault::unreadable("releases"))?;
    releases.iter().map(|release| release.parse().map_err(Fault::unreadable("a release's name"))).collect()
}

/// Every environment that was deployed to.
pub(super) async fn environments(db: &mut SqliteConnection) -> Result<Vec<EnvironmentKey>, Fault> {
    let select = "SELECT project, environment FROM environments \
                  WHERE id IN (SELECT environment FROM deployments UNION SELECT environment FROM components) ORDER BY project, environment";
    let mut keys = Vec::new();
    for row in sqlx::query(select).fetch_all(db).await? {
        let project = ProjectName::new(row.try_get::<&str, _>("project")?).map_err(Fault::unreadable("a project's name"))?;
        let environment = EnvironmentName::new(row.try_get::<&str, _>("environment")?).map_err(Fault::unreadable("an environment's name"))?;
        keys.push(EnvironmentKey { project, environment });
    }
    Ok(keys)
}

/// The key of an environment, which is made when there is none.
pub(super) async fn secret_key(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<[u8; 32], Fault> {
    let environment = environment(db, key).await?;
    let select = sqlx::query_scalar("SELECT secret_key FROM environments WHERE id = ?");
    let there: Option<Vec<u8>> = select.bind(environment).fetch_one(&mut *db).await?;
    if let Some(there) = there {
        return <[u8; 32]>::try_from(there).map_err(|_| Fault::Unreadable { what: "a secret key", why: "it has another length".into() });
    }
    let fresh = random()?;
    let update = sqlx::query("UPDATE environments SET secret_key = ? WHERE id = ?");
    update.bind(&fresh[..]).bind(environment).execute(db).await?;
    Ok(fresh)
}

fn random() -> Result<[u8; 32], Fault> {
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes)).map_err(sqlx::Error::Io)?;
    Ok(bytes)
}

fn name(text: &str) -> Result<ComponentName, Fault> {
    ComponentName::new(text).map_err(Fault::unreadable("a component's name"))
}
