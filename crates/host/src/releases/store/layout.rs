//! Laying releases out as read-only folders, and taking these away.
//!
//! A folder appears and disappears by one rename, so that what is at its place is whole, whenever one looks.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::{ComponentName, EnvironmentKey, RelPath, ReleaseId};

use super::blob::Blob;
use super::fault::Fault;
use super::judge::{self, parents};
use super::offer::copy_file;
use super::shared::Shared;
use super::{Shelf, catalog, durable, parallel, tree};
use crate::releases::Shared as Outliving;

/// Lays a release out for a component, unless it is.
pub(super) fn stage(shelf: &Shelf, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId, shared: Outliving<'_>) -> Result<(), Fault> {
    let _relying = shelf.rely();
    let manifest = catalog::find(shelf, release)?.ok_or(Fault::Unknown(*release))?;
    judge::judge(&manifest, shared.paths)?;
    let shared = Shared::new(shelf, key, shared.of, shared.paths);
    shared.prepare(shelf, &manifest)?;
    let place = shelf.folders.release(key, component, release);
    if place.is_dir() {
        return Ok(());
    }
    let temporary = place.with_file_name(shelf.temporary());
    plimsoll_crashpoint::reach!("host: release of {component} not laid out");
    let laid = lay_out(shelf, &manifest, &shared, &temporary).and_then(|()| {
        plimsoll_crashpoint::reach!("host: release of {component} laid out, not in its place");
        reveal(&temporary, &place)
    });
    if laid.is_err() {
        // What went wrong is told; what cannot be removed now is swept away when the store is opened again.
        tree::remove(&temporary).ok();
    }
    laid
}

/// Takes a laid-out release away, whatever is left of it.
pub(super) fn unstage(shelf: &Shelf, place: &Path) -> Result<(), Fault> {
    let temporary = place.with_file_name(shelf.temporary());
    match fs::rename(place, &temporary) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        renamed => renamed.map_err(Fault::io("remove", place))?,
    }
    durable::settle_folder_of(place)?;
    plimsoll_crashpoint::reach!("host: release out of its place, not deleted");
    tree::remove(&temporary)
}

fn lay_out(shelf: &Shelf, manifest: &ReleaseManifest, shared: &Shared, to: &Path) -> Result<(), Fault> {
    let own: Vec<&FileEntry> = manifest.files.iter().filter(|entry| !shared.covers(entry.path.as_str())).collect();
    let folders = make_folders(to, own.iter().map(|entry| entry.path.as_str()).chain(shared.links().map(RelPath::as_str)))?;
    parallel::for_each(&own, |entry| place(shelf, entry, to))?;
    for path in shared.links() {
        let link = path.under(to);
        symlink(shared.target(path), &link).map_err(Fault::io("make", &link))?;
    }
    folders.iter().rev().try_for_each(|folder| tree::set_mode(folder, 0o555))?;
    durable::settle(&folders)
}

/// Makes every folder that one of `paths` lies in; answers them, the outer before the inner ones.
fn make_folders<'a>(to: &Path, paths: impl Iterator<Item = &'a str>) -> Result<Vec<PathBuf>, Fault> {
    tree::make(to)?;
    let below: BTreeSet<&str> = paths.flat_map(parents).collect();
    let folders: Vec<PathBuf> = std::iter::once(to.to_owned()).chain(below.into_iter().map(|path| to.join(path))).collect();
    folders[1..].iter().try_for_each(|folder| fs::create_dir(folder).map_err(Fault::io("make", folder)))?;
    Ok(folders)
}

fn place(shelf: &Shelf, entry: &FileEntry, to: &Path) -> Result<(), Fault> {
    let path = entry.path.under(to);
    match &entry.content {
        FileContent::Link { target } => symlink(target, &path).map_err(Fault::io("make", &path)),
        FileContent::File { digest, executable, .. } => place_file(shelf, Blob { digest: *digest, executable: *executable }, &path),
    }
}

/// Another name for the stored file; a copy of it where that cannot be.
fn place_file(shelf: &Shelf, blob: Blob, path: &Path) -> Result<(), Fault> {
    let stored = blob.path(shelf);
    match fs::hard_link(&stored, path) {
        Err(error) if wants_copy(error.kind()) => {
            copy_file(&stored, path)?;
            tree::set_mode(path, blob.mode())?;
            durable::settle(&[path.to_owned()])
        }
        linked => linked.map_err(Fault::io("lay out", &stored)),
    }
}

/// On another disk, on one that knows no hard links, or with as many names as a file can have.
fn wants_copy(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::CrossesDevices | ErrorKind::TooManyLinks | ErrorKind::PermissionDenied | ErrorKind::Unsupported)
}

fn reveal(temporary: &Path, place: &Path) -> Result<(), Fault> {
    fs::rename(temporary, place).map_err(Fault::io("lay out", place))?;
    durable::settle_folder_of(place)
}
