//! Which releases are registered.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_keeper::file;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, ReleaseId};
use serde::{Deserialize, Serialize};

use super::blob::blobs;
use super::fault::Fault;
use super::{Shelf, tree};

/// The form of `store/releases/ID.json`.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document<R> {
    version: u32,
    release: R,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Registers a release, whose files are all on the disk.
pub(super) fn register(shelf: &Shelf, release: &ReleaseManifest) -> Result<(), Fault> {
    let path = path(shelf, &release.id);
    let text = serde_json::to_vec(&Document { version: VERSION, release }).expect("a manifest is strings and numbers");
    file::replace(&path, &text).map_err(Fault::replacing(&path))
}

/// The manifest of a release, if it is registered.
pub(super) fn find(shelf: &Shelf, release: &ReleaseId) -> Result<Option<ReleaseManifest>, Fault> {
    read(&path(shelf, release))
}

/// Whether a release is registered and each of its files is there.
pub(super) fn has(shelf: &Shelf, release: &ReleaseId) -> Result<bool, Fault> {
    let _relying = shelf.rely();
    Ok(find(shelf, release)?.is_some_and(|found| is_whole(shelf, &found)))
}

/// Whether each file of a release is there.
pub(super) fn is_whole(shelf: &Shelf, release: &ReleaseManifest) -> bool {
    blobs(release).into_iter().all(|(blob, size)| blob.is_there(shelf, size))
}

/// Every registered release but `except`.
pub(super) fn others(shelf: &Shelf, except: &ReleaseId) -> Result<Vec<ReleaseManifest>, Fault> {
    let except = path(shelf, except);
    let documents = tree::list(&shelf.releases())?.into_iter().filter(|path| *path != except && path.extension().is_some_and(|end| end == "json"));
    documents.filter_map(|path| read(&path).transpose()).collect()
}

/// The registered releases of a component, the newest first. They are read as they are asked for.
pub(super) fn newest(shelf: &Shelf, component: &ComponentName) -> Result<impl Iterator<Item = Result<ReleaseManifest, Fault>>, Fault> {
    let mut documents = tree::list(&shelf.releases())?;
    documents.retain(|path| path.extension().is_some_and(|end| end == "json"));
    documents.sort_by_cached_key(|path| Reverse(path.metadata().and_then(|about| about.modified()).ok()));
    let releases = documents.into_iter().filter_map(|path| read(&path).transpose());
    Ok(releases.filter(move |release| release.as_ref().map_or(true, |release| release.component == *component)))
}

/// Forgets a release. It is forgotten for good when this returns.
pub(super) fn forget(shelf: &Shelf, release: &ReleaseId) -> Result<(), Fault> {
    tree::delete_file(&path(shelf, release))
}

fn path(shelf: &Shelf, release: &ReleaseId) -> PathBuf {
    shelf.releases().join(format!("{release}.json"))
}

fn read(path: &Path) -> Result<Option<ReleaseManifest>, Fault> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(Fault::io("read", path))?,
    };
    let unreadable = |error: serde_json::Error| Fault::Unreadable { path: path.to_owned(), why: error.to_string() };
    let Version { version } = serde_json::from_slice(&text).map_err(unreadable)?;
    if version > VERSION {
        return Err(Fault::Newer { path: path.to_owned(), found: version, known: VERSION });
    }
    let document: Document<ReleaseManifest> = serde_json::from_slice(&text).map_err(unreadable)?;
    Ok(Some(document.release))
}
