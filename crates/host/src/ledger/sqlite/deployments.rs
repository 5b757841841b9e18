//! Deployments, in and out.

use plimsoll_model::audit::Deed;
use plimsoll_model::deployment::{DeploymentRecord, Event};
use plimsoll_model::plan::{PLAN_VERSION, Plan};
use plimsoll_model::time::Moment;
use plimsoll_model::{DeploymentId, EnvironmentKey, HostName};
use serde::Deserialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::fault::Fault;
use super::schema::judge_version;
use super::{FORM, approvals, audit, components, journal, record};
use crate::ledger::{Stored, Timed};

/// Adds a deployment, unless it is there.
pub(super) async fn begin(db: &mut SqliteConnection, stored: &Stored) -> Result<(), Fault> {
    if let Some(there) = find(db, &stored.record.id).await? {
        let same = there.record.key == stored.record.key && there.record.plan == stored.record.plan;
        return if same { Ok(()) } else { Err(Fault::Taken(stored.record.id.clone())) };
    }
    let environment = components::environment(db, &stored.record.key).await?;
    refuse_second_open(db, environment, &stored.record.key).await?;
    insert(db, environment, stored).await?;
    approvals::used(db, &stored.record).await?;
    for event in &stored.journal {
        journal::append(db, &stored.record.id, stored.record.started_at, event).await?;
    }
    audit::tell(db, stored.record.started_at, &Deed::begun(&stored.record)).await
}

async fn insert(db: &mut SqliteConnection, environment: i64, stored: &Stored) -> Result<(), Fault> {
    let insert = "INSERT INTO deployments (id, environment, host, lease_until, outcome, form, record, plan) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    let query = sqlx::query(insert).bind(stored.record.id.as_str()).bind(environment).bind(stored.host.as_str()).bind(stored.lease_until.0);
    let query = query.bind(record::outcome(&stored.record.stage)).bind(FORM).bind(record_text(&stored.record)?);
    let plan = serde_json::to_string(&stored.plan).map_err(Fault::unreadable("a plan"))?;
    query.bind(plan).execute(db).await?;
    Ok(())
}

/// The unique index refuses it too; here it gets its name.
async fn refuse_second_open(db: &mut SqliteConnection, environment: i64, key: &EnvironmentKey) -> Result<(), Fault> {
    let select = "SELECT id FROM deployments WHERE environment = ? AND outcome IS NULL";
    let open: Option<String> = sqlx::query_scalar(select).bind(environment).fetch_optional(db).await?;
    match open {
        Some(open) => Err(Fault::Open { open: id(open)?, key: key.clone() }),
        None => Ok(()),
    }
}

/// Lets the record of a deployment follow an event that is in its journal already.
pub(super) async fn follow(db: &mut SqliteConnection, id: &DeploymentId, at: Moment, event: &Event) -> Result<(), Fault> {
    if !record::shows(event) {
        return Ok(());
    }
    let stored = find(db, id).await?.ok_or_else(|| Fault::Unknown(id.clone()))?;
    let record = record::follow(stored.record, at, event, &stored.journal);
    let update = sqlx::query("UPDATE deployments SET outcome = ?, form = ?, record = ? WHERE id = ?");
    update.bind(record::outcome(&record.stage)).bind(FORM).bind(record_text(&record)?).bind(id.as_str()).execute(db).await?;
    Ok(())
}

/// Sets the end of a lease.
pub(super) async fn renew(db: &mut SqliteConnection, id: &DeploymentId, until: Moment) -> Result<(), Fault> {
    let update = sqlx::query("UPDATE deployments SET lease_until = ? WHERE id = ?");
    let done = update.bind(until.0).bind(id.as_str()).execute(db).await?;
    if done.rows_affected() == 0 { Err(Fault::Unknown(id.clone())) } else { Ok(()) }
}

/// One deployment.
pub(super) async fn find(db: &mut SqliteConnection, id: &DeploymentId) -> Result<Option<Stored>, Fault> {
    let select = sqlx::query("SELECT id, host, lease_until, form, record, plan FROM deployments WHERE id = ?");
    match select.bind(id.as_str()).fetch_optional(&mut *db).await? {
        Some(row) => Ok(Some(stored(db, &row).await?)),
        None => Ok(None),
    }
}

/// All that are open, the oldest first.
pub(super) async fn unsettled(db: &mut SqliteConnection) -> Result<Vec<Stored>, Fault> {
    let select = sqlx::query("SELECT id, host, lease_until, form, record, plan FROM deployments WHERE outcome IS NULL ORDER BY id");
    let rows = select.fetch_all(&mut *db).await?;
    let mut open = Vec::new();
    for row in rows {
        open.push(stored(db, &row).await?);
    }
    Ok(open)
}

/// The last `limit` of an environment, the newest first.
pub(super) async fn history(db: &mut SqliteConnection, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, Fault> {
    let select = "SELECT form, record FROM deployments JOIN environments ON environments.id = deployments.environment \
                  WHERE project = ? AND environments.environment = ? ORDER BY deployments.id DESC LIMIT ?";
    let query = sqlx::query(select).bind(key.project.as_str()).bind(key.environment.as_str()).bind(limit);
    query.fetch_all(db).await?.iter().map(read_record).collect()
}

/// The newest of an environment that is committed.
pub(super) async fn committed(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<Option<DeploymentRecord>, Fault> {
    let select = "SELECT form, record FROM deployments JOIN environments ON environments.id = deployments.environment \
                  WHERE project = ? AND environments.environment = ? AND outcome = 'committed' ORDER BY deployments.id DESC LIMIT 1";
    let query = sqlx::query(select).bind(key.project.as_str()).bind(key.environment.as_str());
    query.fetch_optional(db).await?.as_ref().map(read_record).transpose()
}

/// The last of an environment that were committed, with the times of their journals.
pub(super) async fn last_committed(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<Vec<Timed>, Fault> {
    let select = "SELECT deployments.id, host, plan FROM deployments JOIN environments ON environments.id = deployments.environment \
                  WHERE project = ? AND environments.environment = ? AND outcome = 'committed' ORDER BY deployments.id DESC LIMIT ?";
    let query = sqlx::query(select).bind(key.project.as_str()).bind(key.environment.as_str()).bind(journal::LAST);
    let mut last = Vec::new();
    for row in query.fetch_all(&mut *db).await? {
        let journal = journal::read(db, row.try_get("id")?).await?;
        last.push(Timed { plan: read_plan(row.try_get("plan")?)?, host: read_host(&row)?, journal });
    }
    Ok(last)
}

fn read_host(row: &SqliteRow) -> Result<HostName, Fault> {
    HostName::new(row.try_get::<&str, _>("host")?).map_err(Fault::unreadable("a host's name"))
}

async fn stored(db: &mut SqliteConnection, row: &SqliteRow) -> Result<Stored, Fault> {
    let journal = journal::read(db, row.try_get("id")?).await?;
    Ok(Stored {
        record: read_record(row)?,
        plan: read_plan(row.try_get("plan")?)?,
        host: read_host(row)?,
        lease_until: Moment(row.try_get("lease_until")?),
        journal: journal.into_iter().map(|(_, event)| event).collect(),
    })
}

fn read_record(row: &SqliteRow) -> Result<DeploymentRecord, Fault> {
    judge_version(row.try_get("form")?, FORM)?;
    serde_json::from_str(row.try_get("record")?).map_err(Fault::unreadable("a deployment's record"))
}

fn read_plan(text: &str) -> Result<Plan, Fault> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let Version { version } = serde_json::from_str(text).map_err(Fault::unreadable("a plan"))?;
    judge_version(version, PLAN_VERSION)?;
    serde_json::from_str(text).map_err(Fault::unreadable("a plan"))
}

fn record_text(record: &DeploymentRecord) -> Result<String, Fault> {
    serde_json::to_string(record).map_err(Fault::unreadable("a deployment's record"))
}

fn id(text: String) -> Result<DeploymentId, Fault> {
    DeploymentId::new(text).map_err(Fault::unreadable("a deployment's name"))
}
