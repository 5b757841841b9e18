//! Plans that have to be approved, and their approvals, in and out.

use plimsoll_model::approval::{Approval, Asked};
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::time::Moment;
use plimsoll_model::{EnvironmentKey, PlanHash};
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::FORM;
use super::fault::Fault;
use super::schema::judge_version;
use crate::ledger::ASKED_KEPT;

/// Keeps a plan that somebody wants approved.
pub(super) async fn ask(db: &mut SqliteConnection, asked: &Asked) -> Result<(), Fault> {
    let (key, text) = (&asked.plan.key, serde_json::to_string(asked).map_err(Fault::unreadable("a plan to approve"))?);
    let insert = sqlx::query("INSERT OR REPLACE INTO asked (project, environment, plan, at_ms, form, asked) VALUES (?, ?, ?, ?, ?, ?)");
    let insert = insert.bind(key.project.as_str()).bind(key.environment.as_str()).bind(asked.plan.hash().to_string());
    insert.bind(asked.at.0).bind(FORM).bind(text).execute(&mut *db).await?;
    let spare = "DELETE FROM asked WHERE project = ?1 AND environment = ?2 AND plan NOT IN \
                 (SELECT plan FROM asked WHERE project = ?1 AND environment = ?2 ORDER BY at_ms DESC LIMIT ?3)";
    sqlx::query(spare).bind(key.project.as_str()).bind(key.environment.as_str()).bind(ASKED_KEPT).execute(db).await?;
    Ok(())
}

/// The plans for an environment that somebody wants approved.
pub(super) async fn asked(db: &mut SqliteConnection, key: &EnvironmentKey) -> Result<Vec<Asked>, Fault> {
    let select = sqlx::query("SELECT form, asked AS text FROM asked WHERE project = ? AND environment = ? ORDER BY at_ms DESC, plan");
    let rows = select.bind(key.project.as_str()).bind(key.environment.as_str()).fetch_all(db).await?;
    rows.iter().map(|row| read(row, "a plan to approve")).collect()
}

/// Keeps an approval, once.
pub(super) async fn approve(db: &mut SqliteConnection, at: Moment, approval: &Approval) -> Result<(), Fault> {
    sqlx::query("DELETE FROM approvals WHERE until_ms < ?").bind(at.0).execute(&mut *db).await?;
    let text = serde_json::to_string(approval).map_err(Fault::unreadable("an approval"))?;
    let insert = "INSERT OR IGNORE INTO approvals (nonce, project, environment, plan, until_ms, form, approval) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let insert = sqlx::query(insert).bind(&approval.nonce).bind(approval.key.project.as_str()).bind(approval.key.environment.as_str());
    insert.bind(approval.plan.to_string()).bind(approval.until.0).bind(FORM).bind(text).execute(db).await?;
    Ok(())
}

/// The approvals of a plan that no deployment has used.
pub(super) async fn approvals(db: &mut SqliteConnection, key: &EnvironmentKey, plan: PlanHash) -> Result<Vec<Approval>, Fault> {
    let select = "SELECT form, approval AS text FROM approvals \
                  WHERE project = ? AND environment = ? AND plan = ? AND used_by IS NULL ORDER BY until_ms DESC, nonce";
    let select = sqlx::query(select).bind(key.project.as_str()).bind(key.environment.as_str()).bind(plan.to_string());
    select.fetch_all(db).await?.iter().map(|row| read(row, "an approval")).collect()
}

/// Uses the approval of a deployment that begins. Its plan needs no other one.
pub(super) async fn used(db: &mut SqliteConnection, record: &DeploymentRecord) -> Result<(), Fault> {
    let Some(approval) = &record.approval else { return Ok(()) };
    let update = sqlx::query("UPDATE approvals SET used_by = ? WHERE nonce = ? AND used_by IS NULL");
    if update.bind(record.id.as_str()).bind(&approval.nonce).execute(&mut *db).await?.rows_affected() != 1 {
        return Err(Fault::Used(record.plan));
    }
    let delete = sqlx::query("DELETE FROM asked WHERE project = ? AND environment = ? AND plan = ?");
    delete.bind(record.key.project.as_str()).bind(record.key.environment.as_str()).bind(record.plan.to_string()).execute(db).await?;
    Ok(())
}

fn read<T: DeserializeOwned>(row: &SqliteRow, what: &'static str) -> Result<T, Fault> {
    judge_version(row.try_get("form")?, FORM)?;
    serde_json::from_str(row.try_get("text")?).map_err(Fault::unreadable(what))
}
