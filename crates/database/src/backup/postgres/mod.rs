//! Backups of `PostgreSQL`: `pg_dump` writes the very state that is summed up, as both read one exported snapshot.

mod archive;
mod login;
mod objects;
mod sums;

use std::path::Path;

use plimsoll_model::backup::Tables;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, query_scalar, raw_sql};

use super::Taken;
use super::error::BackupError;
use super::manifest::Manifest;
use super::tool::Tool;
use crate::connect;
use crate::fault::{DatabaseError, LOCK_WAIT_SECONDS};
use crate::migrate::History;
use crate::place::Place;
use crate::scratch::postgres::{REMEDY, Scratch, keep_no_log};
use archive::Archive;

const PACKAGE: &str = "postgresql-client";
const DATA: &str = "data.pgdump.zst";

/// Writes one state of the database into `folder`.
pub(super) async fn take(place: &Place, folder: &Path) -> Result<Taken, BackupError> {
    let mut connection = opened(place, None).await?;
    let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
    let tool = fitting(place, &mut connection, "pg_dump").await?;
    raw_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").execute(&mut connection).await.map_err(failed)?;
    let snapshot: String = query_scalar("SELECT pg_export_snapshot()").fetch_one(&mut connection).await.map_err(failed)?;
    let applied = connection.history().await.map_err(failed)?;
    let objects = objects::of(&mut connection).await.map_err(failed)?;
    let waits = format!("--lock-wait-timeout={}", LOCK_WAIT_SECONDS * 1000);
    // Compressed on the way into the file, which is faster than what it does itself.
    let args = ["--format=custom", "--compress=0", "--no-password", &waits, "--snapshot", &snapshot];
    let path = folder.join(DATA);
    let dumped = Tool::new("pg_dump", PACKAGE, place).args(args).envs(login::environment(place, None)?).into_file(&path);
    let summed = async { sums::of(&mut connection).await.map_err(|error| BackupError::from(failed(error))) };
    let (data, tables) = tokio::try_join!(dumped, summed)?;
    let _ = connection.close().await;
    Ok(Taken { data, tables, applied, objects, tools: vec![tool] })
}

/// What the tables have when it is restored into a scratch database on the same server.
pub(super) async fn tried(data: &Path, manifest: &Manifest, place: &Place) -> Result<Tables, BackupError> {
    let (data, manifest, place) = (data.to_owned(), manifest.clone(), place.clone());
    // A task of its own, so that the scratch database is dropped also when nobody waits any more.
    let tried = tokio::spawn(async move {
        let scratch = Scratch::new(&place).await.map_err(|error| BackupError::scratch(error, REMEDY))?;
        let found = restored(&data, &manifest, &place, scratch.name()).await;
        scratch.dropped().await?;
        found
    });
    tried.await.expect("it does not panic, and nobody cancels it")
}

/// Tables come first, and nothing of them goes into the server's log; then their rows. What belongs to them is made while they are summed up.
async fn restored(data: &Path, manifest: &Manifest, place: &Place, scratch: &str) -> Result<Tables, BackupError> {
    let mut connection = opened(place, Some(scratch)).await?;
    let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
    objects::make_ready(&mut connection, &manifest.objects).await.map_err(failed)?;
    let archive = Archive::of(data, place, scratch).await?;
    archive.load("pre-data").await?;
    keep_no_log(&mut connection).await.map_err(failed)?;
    archive.load_rows(&manifest.tables).await?;
    let summed = async { sums::of(&mut connection).await.map_err(|error| BackupError::from(failed(error))) };
    let (tables, ()) = tokio::try_join!(summed, archive.load("post-data"))?;
    let _ = connection.close().await;
    Ok(tables)
}

/// Drops what came since, then restores the rest in one transaction.
pub(super) async fn put_back(data: &Path, objects: &[String], place: &Place) -> Result<(), BackupError> {
    let mut connection = opened(place, None).await?;
    let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
    fitting(place, &mut connection, "pg_restore").await?;
    objects::drop_others(&mut connection, objects).await.map_err(failed)?;
    objects::make_ready(&mut connection, objects).await.map_err(failed)?;
    let name: String = query_scalar("SELECT current_database()::text").fetch_one(&mut connection).await.map_err(failed)?;
    let _ = connection.close().await;
    Archive::of(data, place, &name).await?.put_back().await
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
