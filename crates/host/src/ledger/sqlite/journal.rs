//! Journal records, in and out.

use std::collections::BTreeMap;

use plimsoll_model::deployment::Event;
use plimsoll_model::time::Moment;
use plimsoll_model::{DeploymentId, EnvironmentKey};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::fault::Fault;

/// How many of the last committed deployments tell how long one takes.
pub(super) const LAST: u32 = 10;

/// Adds a record at the end.
pub(super) async fn append(db: &mut SqliteConnection, id: &DeploymentId, at: Moment, event: &Event) -> Result<(), Fault> {
    let insert = "INSERT INTO journal (deployment, seq, at_ms, event) \
                  SELECT id, (SELECT count(*) FROM journal WHERE deployment = id), ?2, ?3 FROM deployments WHERE id = ?1";
    let event = serde_json::to_string(event).map_err(Fault::unreadable("a journal record"))?;
    let done = sqlx::query(insert).bind(id.as_str()).bind(at.0).bind(event).execute(db).await?;
    if done.rows_affected() == 0 { Err(Fault::Unknown(id.clone())) } else { Ok(()) }
}

/// The records of a deployment, the first one first, each with its time.
pub(super) async fn read(db: &mut SqliteConnection, id: &str) -> Result<Vec<(Moment, Event)>, Fault> {
    let select = "SELECT at_ms, event FROM journal WHERE deployment = ? ORDER BY seq";
    sqlx::query(select).bind(id).fetch_all(db).await?.iter().map(record).collect()
}

/// The journals of the last deployments of an environment that were committed.
pub(super) async fn of_last_committed(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<Vec<Vec<(Moment, Event)>>, Fault> {
    let select = "SELECT deployment, at_ms, event FROM journal WHERE deployment IN \
                  (SELECT deployments.id FROM deployments JOIN environments ON environments.id = deployments.environment \
                   WHERE project = ? AND environments.environment = ? AND outcome = 'committed' ORDER BY deployments.id DESC LIMIT ?) \
                  ORDER BY deployment, seq";
    let query = sqlx::query(select).bind(key.project.as_str()).bind(key.environment.as_str()).bind(LAST);
    let mut journals: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for row in query.fetch_all(db).await? {
        journals.entry(row.try_get("deployment")?).or_default().push(record(&row)?);
    }
    Ok(journals.into_values().collect())
}

fn record(row: &SqliteRow) -> Result<(Moment, Event), Fault> {
    let event = serde_json::from_str(row.try_get("event")?).map_err(Fault::unreadable("a journal record"))?;
    Ok((Moment(row.try_get("at_ms")?), event))
}
