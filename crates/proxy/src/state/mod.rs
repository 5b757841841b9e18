//! The table on disk: written so that a reader finds the old one or the new one, and read so that damage costs one generation at most
//! and is told.
//!
//! What was lost altogether is not made up: whoever gave the table has to give it again.

mod format;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::route::RouteTable;

use format::{FormatError, VERSION};

const CURRENT: &str = "routes.json";
const LAST: &str = "routes.json.last";
const DAMAGED: &str = "routes.json.damaged";

/// Why the table could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A newer program wrote it.
    #[error(
        "{} was written by a newer Plimsoll (version {found} of the format, this one reads up to {VERSION}); help: start the newer proxy",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The file system refused.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What a folder keeps.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The newest table that is whole; none when there never was one, or none is left.
    pub(crate) table: Option<RouteTable>,
    /// What is wrong with the newest, when it is another one.
    pub(crate) damage: Option<String>,
}

/// What became of one file.
enum File {
    Whole(RouteTable),
    Missing,
    Damaged(String),
}

/// The table that `folder` keeps, or the one before it when that is damaged.
pub(crate) fn read(folder: &Path) -> Result<Found, StateError> {
    let damage = match read_file(&folder.join(CURRENT))? {
        File::Whole(table) => return Ok(Found { table: Some(table), damage: None }),
        File::Damaged(reason) => Some(format!("{}: {reason}", folder.join(CURRENT).display())),
        File::Missing => None,
    };
    let (table, damage) = match read_file(&folder.join(LAST))? {
        // Only by someone else's hand is one there without the other.
        File::Whole(table) => (Some(table), damage.or_else(|| Some(format!("{} is missing", folder.join(CURRENT).display())))),
        File::Damaged(reason) => (None, damage.or(Some(reason))),
        File::Missing => (None, damage),
    };
    if let Some(damage) = &damage {
        let serves = table.as_ref().map_or(0, |table| table.generation);
        tracing::error!(%damage, generation = serves, "the kept route table is damaged; the one before it is served");
    }
    Ok(Found { table, damage })
}

/// Makes `table` the one that `folder` keeps. The one before it stays as the last good one.
pub(crate) fn write(folder: &Path, table: &RouteTable) -> Result<(), StateError> {
    let path = folder.join(CURRENT);
    let replace = || {
        plimsoll_crashpoint::reach!("proxy: last table kept, new one not written");
        plimsoll_durable::replace(&path, &format::write(table))
    };
    keep_last(folder).and_then(|()| replace()).map_err(|source| StateError::Write { path, source })
}

fn read_file(path: &Path) -> Result<File, StateError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(File::Missing),
        Err(error) => return Ok(File::Damaged(format!("it cannot be read: {error}"))),
    };
    match format::read(&text) {
        Ok(table) => Ok(File::Whole(table)),
        Err(FormatError::Damaged(reason)) => Ok(File::Damaged(reason)),
        Err(FormatError::Newer(found)) => Err(StateError::Newer { path: path.to_owned(), found }),
    }
}

/// What is damaged does not become the last good one; it is put aside for whoever wants to know what happened.
fn keep_last(folder: &Path) -> io::Result<()> {
    let path = folder.join(CURRENT);
    match read_file(&path) {
        Ok(File::Whole(_)) => keep_as_last(folder),
        Ok(File::Missing) => Ok(()),
        Ok(File::Damaged(_)) | Err(_) => fs::rename(&path, folder.join(DAMAGED)),
    }
}

fn keep_as_last(folder: &Path) -> io::Result<()> {
    let link = folder.join("routes.json.link");
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::hard_link(folder.join(CURRENT), &link)?;
    fs::rename(&link, folder.join(LAST))
}
