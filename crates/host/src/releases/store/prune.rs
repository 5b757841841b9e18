//! Deleting releases that nothing needs.

use std::collections::HashSet;
use std::path::PathBuf;

use plimsoll_model::ReleaseId;

use super::blob::blobs;
use super::fault::Fault;
use super::{Shelf, catalog, tree};

/// Forgets a release, and deletes every file that neither a registered nor an offered release names. One that is laid
/// out anywhere, for whatever environment, stays.
pub(super) fn prune(shelf: &Shelf, release: &ReleaseId) -> Result<(), Fault> {
    let _changing = shelf.change();
    if is_laid_out(shelf, release)? {
        return Ok(());
    }
    // Before anything is deleted: one manifest that cannot be read stands against it.
    let needed = needed(shelf, release)?;
    catalog::forget(shelf, release)?;
    plimsoll_crashpoint::reach!("host: release forgotten, files not deleted");
    for file in tree::list_deep(&shelf.files(), 1)?.iter().filter(|file| !needed.contains(*file)) {
        tree::remove(file)?;
    }
    Ok(())
}

fn is_laid_out(shelf: &Shelf, release: &ReleaseId) -> Result<bool, Fault> {
    for environment in tree::list_deep(&shelf.folders.environments(), 1)? {
        let laid_out = tree::list_deep(&environment.join("releases"), 1)?;
        if laid_out.iter().any(|place| place.file_name().is_some_and(|name| *name == *crate::folders::Folders::release_name(release))) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn needed(shelf: &Shelf, except: &ReleaseId) -> Result<HashSet<PathBuf>, Fault> {
    let registered = catalog::others(shelf, except)?;
    let mut needed: HashSet<PathBuf> = registered.iter().flat_map(|release| blobs(release).into_keys()).map(|blob| blob.path(shelf)).collect();
    // Either mode of what was offered may be what makes it not missing.
    let offered = shelf.offered();
    needed.extend(offered.values().flat_map(|release| blobs(release).into_keys()).flat_map(|blob| [blob.path(shelf), blob.twin().path(shelf)]));
    Ok(needed)
}
