//! Names of contents, and where they lie.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_model::Digest;
use plimsoll_model::release::{FileContent, ReleaseManifest};

use super::Shelf;

/// A content with one of the two modes that files of releases have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Blob {
    pub(super) digest: Digest,
    pub(super) executable: bool,
}

impl Blob {
    /// The same content with the other mode.
    pub(super) fn twin(self) -> Self {
        Self { executable: !self.executable, ..self }
    }

    /// Its mode: nobody writes to it.
    pub(super) fn mode(self) -> u32 {
        if self.executable { 0o555 } else { 0o444 }
    }

    /// Where it lies once it is on the disk for certain.
    pub(super) fn path(self, shelf: &Shelf) -> PathBuf {
        let hex = self.digest.to_string();
        let (folder, rest) = hex.split_at(2);
        shelf.files().join(folder).join(if self.executable { format!("{rest}.x") } else { rest.to_owned() })
    }

    /// Whether it is there. A file of another length is not it.
    pub(super) fn is_there(self, shelf: &Shelf, size: u64) -> bool {
        fits(&self.path(shelf), size)
    }
}

/// Where a content lies that was taken in.
pub(super) fn incoming(shelf: &Shelf, digest: Digest) -> PathBuf {
    shelf.incoming().join(digest.to_string())
}

/// Where the beginning of a large content lies that broke off: what arrived of it need not be sent again.
pub(super) fn part(shelf: &Shelf, digest: Digest) -> PathBuf {
    shelf.incoming().join(format!("{digest}.part"))
}

/// Whether a file of that length is at `path`.
pub(super) fn fits(path: &std::path::Path, size: u64) -> bool {
    path.symlink_metadata().is_ok_and(|meta| meta.is_file() && meta.len() == size)
}

/// The contents of a release, each once, with their lengths in bytes.
pub(super) fn blobs(release: &ReleaseManifest) -> BTreeMap<Blob, u64> {
    let file = |content: &FileContent| match content {
        FileContent::File { digest, size, executable } => Some((Blob { digest: *digest, executable: *executable }, *size)),
        FileContent::Link { .. } => None,
    };
    release.files.iter().filter_map(|entry| file(&entry.content)).collect()
}
