//! The tables of the ledger, how an older ledger gets those of today, and what is too new to be read.

use sqlx::{AssertSqlSafe, SqlitePool};

use super::fault::Fault;

/// Each brings a ledger from one version to the next; they are only ever added to. The version is SQLite's `user_version`.
const MIGRATIONS: [&str; 3] =
    [include_str!("../migrations/0001.sql"), include_str!("../migrations/0002.sql"), include_str!("../migrations/0003.sql")];

/// Brings the ledger to the version of today.
///
/// # Errors
/// [`Fault::Newer`] when it is of a later one: then nothing is touched.
pub(super) async fn bring_up(pool: &SqlitePool) -> Result<(), Fault> {
    let found: u32 = sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await?;
    let known = u32::try_from(MIGRATIONS.len()).expect("there are few migrations");
    judge_version(found, known)?;
    for (version, migration) in (1..).zip(MIGRATIONS).skip(found as usize) {
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(migration).execute(&mut *tx).await?;
        // A pragma takes no parameter; `version` is a number counted here.
        sqlx::raw_sql(AssertSqlSafe(format!("PRAGMA user_version = {version}"))).execute(&mut *tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Refuses a form that came after this program.
pub(super) fn judge_version(found: u32, known: u32) -> Result<(), Fault> {
    if found > known { Err(Fault::Newer { found, known }) } else { Ok(()) }
}
