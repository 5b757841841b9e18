//! The table on disk: written so that a reader finds the old one or the new one, and read so that a damaged
//! file costs one generation and not all routes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use plimsoll_model::route::RouteTable;
use serde::{Deserialize, Serialize};

/// The version of the format that this program writes. It reads no newer one.
pub(crate) const VERSION: u32 = 1;

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
    /// Neither the table nor the one before it makes sense.
    #[error("{} is damaged ({reason}) and no good copy is left; help: move it away, start the proxy and let the daemon send its table", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refused.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[derive(Deserialize)]
struct Stamp {
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    version: u32,
    table: T,
}

/// The table that `folder` keeps; an empty one when there is none yet.
pub(crate) fn read(folder: &Path) -> Result<RouteTable, StateError> {
    match read_file(&folder.join(CURRENT)) {
        Ok(Some(table)) => Ok(table),
        Ok(None) => Ok(read_file(&folder.join(LAST))?.unwrap_or_default()),
        Err(StateError::Damaged { path, reason }) => fall_back(folder, path, reason),
        Err(other) => Err(other),
    }
}

/// Makes `table` the one that `folder` keeps. The one before it stays as the last good one.
pub(crate) fn write(folder: &Path, table: &RouteTable) -> Result<(), StateError> {
    let path = folder.join(CURRENT);
    let text = serde_json::to_vec_pretty(&Stored { version: VERSION, table }).expect("a table is plain data");
    keep_last(folder).and_then(|()| replace(&path, &text)).map_err(|source| StateError::Io { what: "write", path, source })
}

fn read_file(path: &Path) -> Result<Option<RouteTable>, StateError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(StateError::Io { what: "read", path: path.to_owned(), source }),
    };
    let damaged = |error: serde_json::Error| StateError::Damaged { path: path.to_owned(), reason: error.to_string() };
    let stamp: Stamp = serde_json::from_slice(&text).map_err(damaged)?;
    if stamp.version > VERSION {
        return Err(StateError::Newer { path: path.to_owned(), found: stamp.version });
    }
    serde_json::from_slice::<Stored<RouteTable>>(&text).map(|stored| Some(stored.table)).map_err(damaged)
}

/// The damaged file is put aside, so that the next write does not take it for the last good one.
fn fall_back(folder: &Path, path: PathBuf, reason: String) -> Result<RouteTable, StateError> {
    let Some(table) = read_file(&folder.join(LAST))? else { return Err(StateError::Damaged { path, reason }) };
    tracing::error!(file = %path.display(), %reason, generation = table.generation, "the route table is damaged; the one before it is served");
    fs::rename(&path, folder.join(DAMAGED)).map_err(|source| StateError::Io { what: "write", path, source })?;
    Ok(table)
}

fn keep_last(folder: &Path) -> io::Result<()> {
    let link = folder.join("routes.json.link");
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match fs::hard_link(folder.join(CURRENT), &link) {
        Ok(()) => fs::rename(&link, folder.join(LAST)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes to a file beside `path`, makes it durable, and puts it in place in one step.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temp = path.with_extension("json.new");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&temp)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temp, path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}
