//! Opening the store: its folders, and what an earlier process left unfinished.

use std::path::Path;

use super::fault::Fault;
use super::{Shelf, tree};

/// Makes the folders of the store and removes what was begun and never finished.
pub(super) fn sweep(shelf: &Shelf) -> Result<(), Fault> {
    // What was taken in may not have reached the disk before a power cut, whatever it looks like now.
    tree::remove(&shelf.incoming())?;
    for folder in [shelf.incoming(), shelf.files(), shelf.releases()] {
        tree::make(&folder)?;
    }
    // Nobody but the daemon has to walk through the store itself.
    tree::set_mode(&shelf.folders.store(), 0o700)?;
    for path in tree::list(&shelf.releases())?.iter().filter(|path| path.extension().is_some_and(|end| end == "new")) {
        tree::remove(path)?;
    }
    sweep_environments(&shelf.folders.environments())
}

/// Below PROJECT/ENVIRONMENT: `releases/COMPONENT/.*` and `shared/.*`.
fn sweep_environments(environments: &Path) -> Result<(), Fault> {
    for environment in tree::list_deep(environments, 1)? {
        let laid_out = tree::list_deep(&environment.join("releases"), 1)?;
        let shared = tree::list(&environment.join("shared"))?;
        laid_out.iter().chain(&shared).filter(|path| is_unfinished(path)).try_for_each(|path| tree::remove(path))?;
    }
    Ok(())
}

/// Names of components and of laid-out releases never start so.
fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
