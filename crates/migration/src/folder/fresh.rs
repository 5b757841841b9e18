//! A new migration: what its files are called, and what they hold at first.

use super::name::is_plain;
use crate::Pair;

/// The files of a new migration, not written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// Name and contents of the file that applies it.
    pub up: (String, String),
    /// Name and contents of the file that undoes it.
    pub down: (String, String),
}

/// Why there is no new migration of that name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreshError {
    /// It has characters that a file of migrations cannot have.
    #[error("`{0}` is no name for a migration: use letters, digits, `_` and `-`, such as `add_email`")]
    Name(String),
    /// The caller's time is no number, or 0.
    #[error("`{0}` is no version: a number from 1 on is, such as the time as YYYYMMDDHHMMSS")]
    Version(String),
    /// It would be applied before one that is there already.
    #[error("version {version} is not beyond that of `{last}`, after which the new migration is to be applied; is the clock right?")]
    NotLast {
        /// The version that it was to have.
        version: i64,
        /// The last that is there.
        last: String,
    },
}

/// A migration called `name` to come after those that are there. `now` becomes its version: the time as `YYYYMMDDHHMMSS`.
///
/// # Errors
/// When the name or the version cannot be one, or the version is not the last.
pub fn fresh(there: &[Pair], name: &str, now: &str) -> Result<Fresh, FreshError> {
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(FreshError::Name(name.into()));
    }
    let version = now.parse().ok().filter(|version: &i64| *version > 0).ok_or_else(|| FreshError::Version(now.into()))?;
    match there.last() {
        Some(last) if last.migration.version >= version => Err(FreshError::NotLast { version, last: last.migration.name.clone() }),
        _ => Ok(files(&format!("{version}_{name}"))),
    }
}

fn files(stem: &str) -> Fresh {
    let up = "-- What the new program needs, while the one that serves goes on working: expand first, contract with a later deployment.\n\n";
    let down = "-- What leads back to before, without losing what was written since.\n\n";
    Fresh { up: (format!("{stem}.up.sql"), up.into()), down: (format!("{stem}.down.sql"), down.into()) }
}
