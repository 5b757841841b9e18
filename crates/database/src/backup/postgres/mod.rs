//! Backups of `PostgreSQL`: `pg_dump` writes the very state that is summed up, as both read one exported snapshot.

mod login;
mod scratch;
mod sums;

use std::path::Path;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, query_as, query_scalar, raw_sql};

use super::Taken;
use super::error::BackupError;
use super::sums::Tables;
use super::tool::Tool;
use crate::connect;
use crate::fault::{DatabaseError, LOCK_WAIT_SECONDS};
use crate::place::Place;
use scratch::Scratch;

const PACKAGE: &str = "postgresql-client";
const DATA: &str = "data.pgdump.zst";

/// All that has a name in a schema, as `DROP` wants it, but what belongs to an extension or goes with another object.
const OBJECTS: &str = "
    SELECT DISTINCT replace(known.type, 'composite type', 'type'), known.identity FROM (
        SELECT 'pg_class'::regclass AS classid, oid AS objid, relnamespace AS schema FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
        UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type WHERE typtype IN ('d', 'e', 'r')
        UNION ALL SELECT 'pg_namespace'::regclass, oid, oid FROM pg_namespace
    ) AS object
    JOIN pg_namespace ON pg_namespace.oid = object.schema,
    LATERAL pg_identify_object(object.classid, object.objid, 0) AS known
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND NOT EXISTS (
        SELECT 1 FROM pg_depend WHERE pg_depend.classid = object.classid AND pg_depend.objid = object.objid AND deptype IN ('e', 'i')
    ) ORDER BY 1, 2";

/// Writes one state of the database into `folder`.
pub(super) async fn take(place: &Place, folder: &Path) -> Result<Taken, BackupError> {
    let mut connection = opened(place, None).await?;
    let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
    let tool = fitting(place, &mut connection, "pg_dump").await?;
    raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut connection).await.map_err(failed)?;
    let snapshot: String = query_scalar("SELECT pg_export_snapshot()").fetch_one(&mut connection).await.map_err(failed)?;
    let objects: Vec<(String, String)> = query_as(OBJECTS).fetch_all(&mut connection).await.map_err(failed)?;
    let waits = format!("--lock-wait-timeout={}", LOCK_WAIT_SECONDS * 1000);
    // Compressed on the way into the file, which is faster than what it does itself.
    let args = ["--format=custom", "--compress=0", "--no-password", &waits, "--snapshot", &snapshot];
    let path = folder.join(DATA);
    let dumped = Tool::new("pg_dump", PACKAGE, place).args(args).envs(login::environment(place, None)?).into_file(&path);
    let summed = async { sums::of(&mut connection).await.map_err(|error| BackupError::from(failed(error))) };
    let (data, tables) = tokio::try_join!(dumped, summed)?;
    let _ = connection.close().await;
    let objects = objects.into_iter().map(|(kind, name)| format!("{kind} {name}")).collect();
    Ok(Taken { data, tables, objects, tools: vec![tool] })
}

/// What the tables have when it is restored into a scratch database on the same server.
pub(super) async fn tried(data: &Path, place: &Place) -> Result<Tables, BackupError> {
    let (data, place) = (data.to_owned(), place.clone());
    // A task of its own, so that the scratch database is dropped also when nobody waits any more.
    let tried = tokio::spawn(async move {
        let scratch = Scratch::new(&place).await?;
        let found = restored(&data, &place, scratch.name()).await;
        scratch.dropped().await?;
        found
    });
    tried.await.expect("it does not panic, and nobody cancels it")
}

async fn restored(data: &Path, place: &Place, scratch: &str) -> Result<Tables, BackupError> {
    // Owners and rights are of roles, which are no part of a database.
    let args = ["--exit-on-error", "--no-owner", "--no-privileges", "--no-password", "--dbname", scratch];
    Tool::new("pg_restore", PACKAGE, place).args(args).envs(login::environment(place, Some(scratch))?).fed_from(data).await?;
    let mut connection = opened(place, Some(scratch)).await?;
    let tables = sums::of(&mut connection).await.map_err(|error| DatabaseError::running(place, &error))?;
    let _ = connection.close().await;
    Ok(tables)
}

/// Drops what came since, then restores the rest in one transaction.
pub(super) async fn put_back(data: &Path, objects: &[String], place: &Place) -> Result<(), BackupError> {
    let mut connection = opened(place, None).await?;
    fitting(place, &mut connection, "pg_restore").await?;
    drop_others(&mut connection, objects).await.map_err(|error| DatabaseError::running(place, &error))?;
    let name: String =
        query_scalar("SELECT current_database()::text").fetch_one(&mut connection).await.map_err(|error| DatabaseError::running(place, &error))?;
    let _ = connection.close().await;
    let args = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-password", "--dbname", &name];
    Tool::new("pg_restore", PACKAGE, place).args(args).envs(login::environment(place, None)?).fed_from(data).await
}

/// What came since may hang on what is to be restored, which could then not be dropped.
async fn drop_others(connection: &mut PgConnection, objects: &[String]) -> sqlx::Result<()> {
    let mut turn = connection.begin().await?;
    let now: Vec<(String, String)> = query_as(OBJECTS).fetch_all(&mut *turn).await?;
    for (kind, name) in now.iter().filter(|(kind, name)| !objects.contains(&format!("{kind} {name}"))) {
        // The catalogue gives names quoted.
        raw_sql(AssertSqlSafe(format!("DROP {kind} IF EXISTS {name} CASCADE"))).execute(&mut *turn).await?;
    }
    turn.commit().await
}

/// The program's version, which must not be older than the server's.
async fn fitting(place: &Place, connection: &mut PgConnection, name: &'static str) -> Result<String, BackupError> {
    let said = Tool::new(name, PACKAGE, place).version().await?;
    let server: String =
        query_scalar("SHOW server_version_num").fetch_one(connection).await.map_err(|error| DatabaseError::running(place, &error))?;
    let server = server.parse::<u32>().unwrap_or(0) / 10_000;
    match major(&said) {
        Some(has) if has < server => Err(BackupError::ToolTooOld { tool: name.to_owned(), has, place: place.to_string(), server }),
        _ => Ok(said),
    }
}

/// `15` of `pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`.
fn major(said: &str) -> Option<u32> {
    let words = said.split_whitespace().filter_map(|word| word.split(['.', 'd', 'b', 'r']).next()?.parse().ok());
    words.into_iter().next()
}

async fn opened(place: &Place, database: Option<&str>) -> Result<PgConnection, DatabaseError> {
    connect::postgres_in(place, database).await.map_err(|fault| DatabaseError::at(place, None, fault))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn a_version_is_found_in_what_a_program_says() {
        let cases =
            [("pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)", Some(15)), ("pg_dump (PostgreSQL) 18beta1", Some(18)), ("pg_dump", None)];
        for (said, expect) in cases {
            assert_eq!(major(said), expect, "{said}");
        }
    }
}
