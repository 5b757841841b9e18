//! Journal records, in and out.

use plimsoll_model::deployment::Event;
use plimsoll_model::time::Moment;
use plimsoll_model::{DeploymentId, EnvironmentKey};
use sqlx::{Row, SqliteConnection};

use super::fault::Fault;

/// How many of the last committed deployments tell how long one takes.
const LAST: u32 = 10;

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
    let mut records = Vec::new();
    for row in sqlx::query(select).bind(id).fetch_all(db).await? {
        let event = serde_json::from_str(row.try_get("event")?).map_err(Fault::unreadable("a journal record"))?;
        records.push((Moment(row.try_get("at_ms")?), event));
    }
    Ok(records)
}

/// The journals of the last deployments of an environment that were committed.
pub(super) async fn of_last_committed(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<Vec<Vec<(Moment, Event)>>, Fault> {
    let select = "SELECT deployments.id FROM deployments JOIN environments ON environments.id = deployments.environment \
                  WHERE project = ? AND environments.environment = ? AND outcome = 'committed' ORDER BY deployments.id DESC LIMIT ?";
    let query = sqlx::query_scalar(select).bind(key.project.as_str()).bind(key.environment.as_str()).bind(LAST);
    let ids: Vec<String> = query.fetch_all(&mut *db).await?;
    let mut journals = Vec::new();
    for id in ids {
        journals.push(read(db, &id).await?);
    }
    Ok(journals)
}
