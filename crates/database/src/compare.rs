//! The schema of a database beside the one that its migrations give, applied anew to a scratch database.

use std::path::PathBuf;

use plimsoll_model::database::{Applied, Checksum, Compared, DatabaseKind, Direction, Schema};
use plimsoll_model::deployment::Failure;
use sqlx::Connection;

use crate::Script;
use crate::backup::{BackupError, scratch_file};
use crate::connect::{self, Missing};
use crate::fault::{DatabaseError, Fault, Step};
use crate::migrate::{applied, checksum, up};
use crate::place::Place;
use crate::schema::schema;
use crate::scratch::{mysql, postgres};

/// A database could not be compared with its migrations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// It has a migration of which there is no script.
    #[error("{place} has migration {version} ({description}), and there is no file of it")]
    Missing {
        /// Which database.
        place: String,
        /// The version of the migration.
        version: i64,
        /// What it is called.
        description: String,
    },
    /// Somebody migrated it meanwhile.
    #[error("{0} was migrated while it was looked at")]
    Moved(String),
    /// A migration cannot be applied to a database that has nothing but those before it.
    #[error("the migrations cannot be repeated on a scratch database: {0}")]
    Unrepeatable(DatabaseError),
    /// Its login may not create a scratch database.
    #[error("{place}: its login may not create a scratch database to repeat the migrations on: {why}")]
    NoScratch {
        /// Which database.
        place: String,
        /// What the database said.
        why: String,
        /// How its login is let to.
        remedy: &'static str,
    },
    /// There is no place for a scratch file.
    #[error("there can be no scratch file: {0}")]
    NoFile(BackupError),
}

/// Compares the schema of the database at `place` with what those of the `scripts` give that it has, on a scratch database that is gone
/// afterwards. Nothing is changed. A database that does not exist is as its migrations say.
///
/// # Errors
/// When it cannot be asked, has a migration that is none of the scripts, or they cannot be repeated.
pub async fn compare(place: &Place, scripts: &[Script]) -> Result<Compared, CompareError> {
    if place.file().is_some_and(|file| !file.exists()) {
        return Ok(Compared::default());
    }
    let before = applied(place).await?;
    let repeated = before.iter().map(|applied| fitting(place, applied, scripts).cloned()).collect::<Result<Vec<_>, _>>()?;
    let live = schema(place).await?;
    if applied(place).await? != before {
        return Err(CompareError::Moved(place.to_string()));
    }
    let migrations = repeated.len();
    let given = given(place, repeated).await?;
    Ok(Compared { migrations, changes: given.changes(&live) })
}

/// The script of what is applied.
fn fitting<'a>(place: &Place, applied: &Applied, scripts: &'a [Script]) -> Result<&'a Script, CompareError> {
    let Applied { version, description, checksum: wanted, whole } = applied;
    let fault = |fault| DatabaseError::at(place, Some(Step { version: *version, direction: Direction::Up }), fault);
    let script = scripts.iter().find(|script| script.version == *version);
    let missing = || CompareError::Missing { place: place.to_string(), version: *version, description: description.clone() };
    match script.ok_or_else(missing)? {
        _ if !whole => Err(fault(Fault::Half(String::new())).into()),
        script if is_other(script, wanted) => Err(fault(Fault::Changed).into()),
        script => Ok(script),
    }
}

fn is_other(script: &Script, wanted: &Checksum) -> bool {
    checksum(script) != *wanted
}

/// The schema that the scripts give.
async fn given(place: &Place, scripts: Vec<Script>) -> Result<Schema, CompareError> {
    let place = place.clone();
    // A task of its own, so that the scratch database is dropped also when nobody waits any more.
    let given = tokio::spawn(async move {
        match place.kind {
            DatabaseKind::Sqlite => on_sqlite(&place, &scripts).await,
            DatabaseKind::Postgres => {
                let scratch = postgres::Scratch::new(&place).await.map_err(|error| no_scratch(error, postgres::REMEDY))?;
                let given = on_server(&place, scratch.name(), &scripts).await;
                scratch.dropped().await?;
                given
            }
            DatabaseKind::Mysql => {
                let scratch = mysql::Scratch::new(&place).await.map_err(|error| no_scratch(error, mysql::REMEDY))?;
                let given = on_server(&place, scratch.name(), &scripts).await;
                scratch.dropped().await?;
                given
            }
        }
    });
    given.await.expect("it does not panic, and nobody cancels it")
}

async fn on_sqlite(place: &Place, scripts: &[Script]) -> Result<Schema, CompareError> {
    let (_folder, file): (_, PathBuf) = scratch_file(place).map_err(CompareError::NoFile)?;
    let scratch = Place::of_file(&file);
    // Also where there is nothing to apply: it is no missing file that is compared, but an empty database.
    let made = connect::sqlite(&scratch, Missing::Made).await.map_err(|fault| DatabaseError::at(&scratch, None, fault))?;
    let _ = made.close().await;
    repeat(&scratch, scripts).await
}

async fn on_server(place: &Place, scratch: &str, scripts: &[Script]) -> Result<Schema, CompareError> {
    let invalid = || DatabaseError::at(place, None, Fault::UrlInvalid);
    repeat(&place.beside(scratch).ok_or_else(invalid)?, scripts).await
}

async fn repeat(scratch: &Place, scripts: &[Script]) -> Result<Schema, CompareError> {
    for script in scripts {
        up(scratch, script).await.map_err(CompareError::Unrepeatable)?;
    }
    Ok(schema(scratch).await?)
}

fn no_scratch(error: DatabaseError, remedy: &'static str) -> CompareError {
    match error {
        DatabaseError { place, fault: Fault::Forbidden(why), .. } => CompareError::NoScratch { place, why, remedy },
        other => other.into(),
    }
}

impl CompareError {
    /// Stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database(error) => error.code(),
            Self::Missing { .. } => "migration-missing",
            Self::Moved(_) => "database-busy",
            Self::Unrepeatable(_) => "migrations-unrepeatable",
            Self::NoScratch { .. } => "scratch-forbidden",
            Self::NoFile(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Database(error) => error.help(),
            Self::Missing { .. } => "deploy the source that has its files, then check again".into(),
            Self::Moved(_) => "wait until that is done, then check again".into(),
            Self::Unrepeatable(_) => {
                "what the migrations need and do not make (an extension, rows, a first schema) is to be made by the first of them, where it is missing".into()
            }
            Self::NoScratch { remedy, .. } => (*remedy).into(),
            Self::NoFile(error) => error.help(),
        }
    }
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        Self::new(error.code(), error.to_string()).with_help(error.help())
    }
}
