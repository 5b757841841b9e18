//! Backups of SQLite: `VACUUM INTO` gives one state of the file while others write, and SQLite's own copying puts it back while others read.

mod copy;
mod sums;

use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_model::backup::Tables;
use plimsoll_model::database::Applied;
use sqlx::Connection;
use sqlx::query;
use sqlx::sqlite::SqliteConnection;

use super::error::BackupError;
use super::folder::Unfinished;
use super::store;
use super::{Taken, scratch_in};
use crate::connect::{self, Missing};
use crate::fault::{DatabaseError, Fault, LOCK_WAIT_SECONDS};
use crate::migrate::History;
use crate::place::Place;

/// The state as it was taken, before it is compressed.
const PLAIN: &str = "plain.sqlite";
const DATA: &str = "data.sqlite.zst";

/// Writes one state of the database into `folder`.
pub(super) async fn take(place: &Place, folder: &Path) -> Result<Taken, BackupError> {
    let (_scratch, plain) = scratch(place)?;
    let mut connection = opened(place).await?;
    let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
    query("VACUUM INTO ?").bind(plain.to_string_lossy()).execute(&mut connection).await.map_err(failed)?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await.map_err(failed)?;
    let _ = connection.close().await;
    let (source, data) = (plain.clone(), folder.join(DATA));
    let compressed = store::in_background(&data, move |data| store::compress(std::fs::File::open(source)?, data));
    let ((tables, applied), data) = tokio::try_join!(summed(&plain), compressed)?;
    Ok(Taken { data, tables, applied, objects: Vec::new(), tools: vec![format!("SQLite {version}")] })
}

/// What the tables have when it is restored into a file of its own.
pub(super) async fn tried(data: &Path, place: &Place) -> Result<Tables, BackupError> {
    let (_scratch, plain) = unpacked(data, place).await?;
    let mut connection = opened(&Place::of_file(&plain)).await.map_err(|error| damaged(data, &error))?;
    sums::intact(&mut connection).await.map_err(|why| BackupError::damaged(data, &why))?;
    let _ = connection.close().await;
    Ok(summed(&plain).await?.0)
}

/// Copies it over what the file at `place` has. Those who have the file open read the one or the other.
pub(super) async fn put_back(data: &Path, place: &Place) -> Result<(), BackupError> {
    let to = place.file().ok_or_else(|| DatabaseError::at(place, None, Fault::UrlInvalid))?;
    let (_scratch, plain) = unpacked(data, place).await?;
    let copied = tokio::task::spawn_blocking(move || copy::copy(&plain, &to, Duration::from_secs(LOCK_WAIT_SECONDS))).await;
    copied.unwrap_or_else(|panic| Err(Fault::Other(panic.to_string()))).map_err(|fault| DatabaseError::at(place, None, fault).into())
}

/// The file of the backup, beside the database at `place`.
async fn unpacked(data: &Path, place: &Place) -> Result<(Unfinished, PathBuf), BackupError> {
    let (scratch, plain) = scratch(place)?;
    let to = plain.clone();
    store::in_background(data, move |data| store::decompress(data, std::fs::File::create_new(to)?)).await?;
    Ok((scratch, plain))
}

/// A file in a folder of its own beside the database: on the disk that has to have room for it, and where whoever may use the database may write.
pub(crate) fn scratch(place: &Place) -> Result<(Unfinished, PathBuf), BackupError> {
    let file = place.file().ok_or_else(|| DatabaseError::at(place, None, Fault::UrlInvalid))?;
    let folder = scratch_in(file.parent().unwrap_or(Path::new(".")))?;
    let plain = folder.path().join(PLAIN);
    Ok((folder, plain))
}

/// The tables of a file summed up, and its migrations.
async fn summed(plain: &Path) -> Result<(Tables, Vec<Applied>), BackupError> {
    let place = Place::of_file(plain);
    let mut connection = opened(&place).await?;
    let failed = |error: sqlx::Error| DatabaseError::running(&place, &error);
    let applied = connection.history().await.map_err(failed)?;
    let tables = sums::of(&mut connection).await.map_err(failed)?;
    let _ = connection.close().await;
    Ok((tables, applied))
}

async fn opened(place: &Place) -> Result<SqliteConnection, DatabaseError> {
    connect::sqlite(place, Missing::Refused).await.map_err(|fault| DatabaseError::at(place, None, fault))
}

fn damaged(data: &Path, error: &DatabaseError) -> BackupError {
    BackupError::damaged(data, &error.to_string())
}
