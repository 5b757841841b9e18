//! The table on disk: written so that a reader finds the old one or the new one, and read so that a damaged
//! file costs one generation and not all routes.

use std::fs;
use std::io;
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
    let replace = || {
        plimsoll_crashpoint::reach!("proxy: last table kept, new one not written");
        plimsoll_durable::replace(&path, &text)
    };
    keep_last(folder).and_then(|()| replace()).map_err(|source| StateError::Io { what: "write", path, source })
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

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use super::*;

    fn table(generation: u64) -> RouteTable {
        RouteTable { generation, routes: Vec::new() }
    }

    /// A folder with these files and what is read from it.
    fn check(files: &[(&str, &str)], expect: Result<u64, &str>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        match (read(folder.path()), expect) {
            (Ok(table), Ok(generation)) => assert_eq!(table.generation, generation, "{files:?}"),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{files:?}: {error}"),
            (other, _) => panic!("{files:?}: {other:?}"),
        }
    }

    #[test]
    fn a_folder_is_read_as_well_as_it_can_be() {
        let good = |generation: u64| format!(r#"{{"version":1,"table":{{"generation":{generation},"routes":[]}}}}"#);
        let (five, four) = (good(5), good(4));
        check(&[], Ok(0));
        check(&[(CURRENT, &five)], Ok(5));
        check(&[(CURRENT, &five), (LAST, &four)], Ok(5));
        check(&[(LAST, &four)], Ok(4));
        check(&[(CURRENT, &five[..20]), (LAST, &four)], Ok(4));
        check(&[(CURRENT, ""), (LAST, &four)], Ok(4));
        check(&[(CURRENT, &five[..20])], Err("no good copy is left"));
        check(&[(CURRENT, &five[..20]), (LAST, "{}")], Err("no good copy is left"));
        check(&[(CURRENT, r#"{"version":2,"other":1}"#), (LAST, &four)], Err("newer Plimsoll (version 2"));
    }

    #[test]
    fn the_one_before_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        for generation in 1..=3 {
            write(folder.path(), &table(generation)).unwrap();
        }
        assert_eq!(read(folder.path()).unwrap(), table(3));
        assert_eq!(read_file(&folder.path().join(LAST)).unwrap(), Some(table(2)));
    }

    #[test]
    fn a_damaged_file_does_not_become_the_last_good_one() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &table(1)).unwrap();
        write(folder.path(), &table(2)).unwrap();
        fs::write(folder.path().join(CURRENT), "{").unwrap();
        assert_eq!(read(folder.path()).unwrap(), table(1));
        write(folder.path(), &table(3)).unwrap();
        fs::write(folder.path().join(CURRENT), "{").unwrap();
        assert_eq!(read(folder.path()).unwrap(), table(1));
    }
}
