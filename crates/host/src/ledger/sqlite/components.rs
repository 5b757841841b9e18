//! Environments and their components, in and out.

use std::collections::BTreeMap;
use std::io::Read;

use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName, ProjectName};
use sqlx::{Row, SqliteConnection};

use super::FORM;
use super::deployments::judge_version;
use super::fault::Fault;
use crate::ledger::ComponentRow;

/// The row of an environment, which is made when there is none.
pub(super) async fn environment(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<i64, Fault> {
    let insert = sqlx::query("INSERT OR IGNORE INTO environments (project, environment) VALUES (?, ?)");
    insert.bind(key.project.as_str()).bind(key.environment.as_str()).execute(&mut *db).await?;
    let select = sqlx::query_scalar("SELECT id FROM environments WHERE project = ? AND environment = ?");
    Ok(select.bind(key.project.as_str()).bind(key.environment.as_str()).fetch_one(db).await?)
}

/// The row of a component's environment; the component has a row after this. It is never deleted: its slot numbers must not fall.
pub(super) async fn component(db: &mut SqliteConnection, key: &EnvironmentKey, component: &ComponentName) -> Result<i64, Fault> {
    let environment = environment(db, key).await?;
    let insert = sqlx::query("INSERT OR IGNORE INTO components (environment, component) VALUES (?, ?)");
    insert.bind(environment).bind(component.as_str()).execute(db).await?;
    Ok(environment)
}

/// All components of an environment.
pub(super) async fn read(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, ComponentRow>, Fault> {
    let select = sqlx::query_scalar("SELECT id FROM environments WHERE project = ? AND environment = ?");
    let there = select.bind(key.project.as_str()).bind(key.environment.as_str()).fetch_optional(&mut *db).await?;
    let Some(environment) = there else { return Ok(BTreeMap::new()) };
    let mut components = rows(db, environment).await?;
    add_slots(db, environment, &mut components).await?;
    add_staged(db, environment, &mut components).await?;
    Ok(components)
}

async fn rows(db: &mut SqliteConnection, environment: i64) -> Result<BTreeMap<ComponentName, ComponentRow>, Fault> {
    let select = sqlx::query("SELECT component, next_slot, served, since FROM components WHERE environment = ?");
    let mut components = BTreeMap::new();
    for row in select.bind(environment).fetch_all(db).await? {
        let served: Option<&str> = row.try_get("served")?;
        let read = ComponentRow {
            served: served.map(serde_json::from_str).transpose().map_err(Fault::unreadable("what serves"))?,
            since: row.try_get::<Option<i64>, _>("since")?.map(Moment),
            next_slot: row.try_get("next_slot")?,
            ..ComponentRow::default()
        };
        components.insert(name(row.try_get("component")?)?, read);
    }
    Ok(components)
}

async fn add_slots(db: &mut SqliteConnection, environment: i64, to: &mut BTreeMap<ComponentName, ComponentRow>) -> Result<(), Fault> {
    let select = sqlx::query("SELECT component, form, row FROM slots WHERE environment = ? ORDER BY number, slot");
    for row in select.bind(environment).fetch_all(db).await? {
        judge_version(row.try_get("form")?, FORM)?;
        let slot = serde_json::from_str(row.try_get("row")?).map_err(Fault::unreadable("a slot"))?;
        to.entry(name(row.try_get("component")?)?).or_default().slots.push(slot);
    }
    Ok(())
}

async fn add_staged(db: &mut SqliteConnection, environment: i64, to: &mut BTreeMap<ComponentName, ComponentRow>) -> Result<(), Fault> {
    let select = sqlx::query("SELECT component, release FROM staged WHERE environment = ? ORDER BY used DESC");
    for row in select.bind(environment).fetch_all(db).await? {
        let release: &str = row.try_get("release")?;
        let release = release.parse().map_err(Fault::unreadable("a release's name"))?;
        to.entry(name(row.try_get("component")?)?).or_default().staged.push(release);
    }
    Ok(())
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
