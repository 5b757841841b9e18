//! Backups: a folder with the data of a database in one state, and a manifest that says what has to be in it.
//!
//! - [`back_up`] takes one while the database is used. Rows and content of each table are summed up in the very state that is written.
//! - [`check`] says whether the folder is as it was written, by hashes alone.
//! - [`verify`] puts the data into a scratch database and compares every table with what was summed up.
//! - [`restore`] puts the data in the place of what the database has.
//!
//! Data passes through in pieces: what is held in memory does not grow with it. It is compressed with zstd. When to do any of this, how long a
//! folder is kept and who may read it (it is for its owner alone) is left to others.
//!
//! Sums are computed beside the writing, so a backup takes as long as the slower of both: with half a million rows of 200 bytes on two processors,
//! as long as `pg_dump` with its own compression, and as `mariadb-dump` piped into zstd. A sum does not depend on the order of rows, and it is
//! no proof against somebody who forges: it finds what was damaged, lost or mixed up.
//!
//! Not in it: roles and settings of a server. Large objects of `PostgreSQL` are in it, and not summed up.

mod error;
mod folder;
mod manifest;
mod mark;
mod mysql;
mod postgres;
mod room;
mod sqlite;
mod store;
mod tool;

use std::path::Path;

use plimsoll_model::backup::{Origin, Tables, differences};
use plimsoll_model::database::{Applied, DatabaseKind};
use plimsoll_model::time::Moment;

use crate::migrate::applied;
use crate::place::Place;
use crate::schema::schema;
use crate::scratch;

pub use error::BackupError;
pub use manifest::{DataFile, Manifest};
pub use room::{list, prune, sweep};
pub(crate) use sqlite::scratch as scratch_file;

use folder::Unfinished;

/// How the names of folders begin that are there for a while.
const SCRATCH: &str = ".plimsoll-";

/// What a kind of database gives for a backup.
struct Taken {
    data: DataFile,
    tables: Tables,
    applied: Vec<Applied>,
    objects: Vec<String>,
    tools: Vec<String>,
}

/// Backs the database up into `folder`, which must not be there and appears whole or not at all. `at` is what its manifest says of the time, and
/// `origin` of what served.
///
/// # Errors
/// When the database or its tools fail, or the folder cannot be written.
pub async fn back_up(place: &Place, folder: &Path, at: Moment, origin: Option<Origin>) -> Result<Manifest, BackupError> {
    let unfinished = Unfinished::new(folder)?;
    let taken = match place.kind {
        DatabaseKind::Sqlite => sqlite::take(place, unfinished.path()).await?,
        DatabaseKind::Postgres => postgres::take(place, unfinished.path()).await?,
        DatabaseKind::Mysql => mysql::take(place, unfinished.path()).await?,
    };
    let Taken { data, tables, applied, objects, tools } = taken;
    let manifest = Manifest { version: manifest::VERSION, kind: place.kind, at, data, tables, applied, objects, tools, origin };
    manifest.write(unfinished.path())?;
    unfinished.finish()?;
    Ok(manifest)
}

/// Whether the folder is as it was written. Reads all of it.
///
/// # Errors
/// When a file is missing, damaged or another one than it was, or a newer Plimsoll has written it.
pub async fn check(folder: &Path) -> Result<Manifest, BackupError> {
    let manifest = Manifest::read(folder)?;
    let path = folder.join(&manifest.data.name);
    let found = store::in_background(&path, store::sum).await?;
    if found == (manifest.data.size, manifest.data.hash) { Ok(manifest) } else { Err(BackupError::damaged(&path, "it is not what was written")) }
}

/// Whether the backup brings back what was there: restored into a scratch database of the server at `place` (for SQLite, a temporary file
/// beside the database), which is dropped again, every table has the rows and the content that it had. A process that is killed leaves the scratch
/// database; its name begins with `plimsoll_verify_`.
///
/// What was found is noted in the folder: that it was verified `at` that time, or no more that it ever was.
///
/// # Errors
/// As [`check`], when it cannot be restored, and [`BackupError::Differs`] with each difference.
pub async fn verify(folder: &Path, place: &Place, at: Moment) -> Result<Manifest, BackupError> {
    let tried = tried(folder, place).await;
    match &tried {
        Ok(manifest) => mark::set(folder, manifest, at)?,
        Err(error) if error.condemns() => mark::clear(folder)?,
        Err(_) => {}
    }
    tried
}

async fn tried(folder: &Path, place: &Place) -> Result<Manifest, BackupError> {
    let manifest = check(folder).await?;
    fits(&manifest, place)?;
    let data = folder.join(&manifest.data.name);
    let found = match place.kind {
        DatabaseKind::Sqlite => sqlite::tried(&data, place).await?,
        DatabaseKind::Postgres => postgres::tried(&data, &manifest, place).await?,
        DatabaseKind::Mysql => mysql::tried(&data, place).await?,
    };
    let differences = differences(&manifest.tables, &found);
    if differences.is_empty() { Ok(manifest) } else { Err(BackupError::Differs { folder: folder.to_owned(), differences }) }
}

/// Puts the data of the backup in the place of all that the database has. What was written since is lost.
///
/// # Errors
/// As [`check`], and when it cannot be restored. SQLite and `PostgreSQL` then have the tables of the backup as they were before; of `PostgreSQL`,
/// what came since may be gone. `MySQL` may have a part of both: there, restore it again.
pub async fn restore(folder: &Path, place: &Place) -> Result<Manifest, BackupError> {
    let manifest = check(folder).await?;
    fits(&manifest, place)?;
    let data = folder.join(&manifest.data.name);
    match place.kind {
        DatabaseKind::Sqlite => sqlite::put_back(&data, place).await?,
        DatabaseKind::Postgres => postgres::put_back(&data, &manifest.objects, place).await?,
        DatabaseKind::Mysql => mysql::put_back(&data, &manifest.objects, place).await?,
    }
    Ok(manifest)
}

/// Puts the data of the backup into a database that has no tables, or those of this very backup: what was cut off is begun again.
///
/// # Errors
/// As [`restore`], and [`BackupError::Occupied`] where it has others, which are left alone.
pub async fn begin_with(folder: &Path, place: &Place) -> Result<Manifest, BackupError> {
    let manifest = check(folder).await?;
    let is_empty = !schema(place).await?.parts.keys().any(|part| part.starts_with("table "));
    let is_begun = !manifest.applied.is_empty() && applied(place).await? == manifest.applied;
    if is_empty || is_begun { restore(folder, place).await } else { Err(BackupError::Occupied { place: place.to_string() }) }
}

/// A folder for a while. Its path is not made absolute: from where the process is, it may not be.
fn scratch_in(parent: &Path) -> Result<Unfinished, BackupError> {
    Unfinished::new(&parent.join(format!("{SCRATCH}{:016x}", scratch::random())))
}

fn fits(manifest: &Manifest, place: &Place) -> Result<(), BackupError> {
    if manifest.kind == place.kind { Ok(()) } else { Err(BackupError::OtherKind { of: manifest.kind, place: place.to_string() }) }
}
