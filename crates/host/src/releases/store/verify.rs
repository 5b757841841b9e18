//! Reading releases again.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::{Mutex, PoisonError};

use plimsoll_model::release::{FileContent, FileEntry};
use plimsoll_model::{Digest, RelPath, ReleaseId};

use super::blob::{Blob, blobs};
use super::fault::Fault;
use super::{Shelf, catalog, parallel};

/// The paths of a release whose stored file is missing, or has another content than its hash says.
pub(super) fn verify(shelf: &Shelf, release: &ReleaseId) -> Result<Vec<RelPath>, Fault> {
    let _relying = shelf.rely();
    let manifest = catalog::find(shelf, release)?.ok_or(Fault::Unknown(*release))?;
    let all: Vec<Blob> = blobs(&manifest).into_keys().collect();
    let damaged = Mutex::new(BTreeSet::new());
    parallel::for_each(&all, |blob| {
        if content(shelf, *blob) != Some(blob.digest) {
            damaged.lock().unwrap_or_else(PoisonError::into_inner).insert(*blob);
        }
        Ok(())
    })?;
    let damaged = damaged.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(manifest.files.iter().filter(|entry| is_of(entry, &damaged)).map(|entry| entry.path.clone()).collect())
}

/// The hash of what is stored; none when it cannot be read.
fn content(shelf: &Shelf, blob: Blob) -> Option<Digest> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(blob.path(shelf)).ok()?).ok()?;
    Some(hasher.finalize().into())
}

fn is_of(entry: &FileEntry, damaged: &BTreeSet<Blob>) -> bool {
    match &entry.content {
        FileContent::File { digest, executable, .. } => damaged.contains(&Blob { digest: *digest, executable: *executable }),
        FileContent::Link { .. } => false,
    }
}
