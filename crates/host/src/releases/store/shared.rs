//! What outlives releases: folders and files to which links in each laid-out release lead.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::{ComponentName, EnvironmentKey, RelPath};

use super::blob::Blob;
use super::fault::Fault;
use super::judge::parents;
use super::offer::copy_file;
use super::{Shelf, durable, tree};

/// The shared paths of a component.
pub(super) struct Shared {
    folder: PathBuf,
    paths: BTreeSet<RelPath>,
}

impl Shared {
    /// `paths` are relative to the release, and to the component's shared folder alike.
    pub(super) fn new(shelf: &Shelf, key: &EnvironmentKey, component: &ComponentName, paths: &[RelPath]) -> Self {
        let folder = shelf.folders.shared(key, component);
        // A link would not find a relative path from where it lies.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Self { folder, paths: paths.iter().cloned().collect() }
    }

    /// The paths that become links: those that lie in no other.
    pub(super) fn links(&self) -> impl Iterator<Item = &RelPath> {
        self.paths.iter().filter(|path| !parents(path.as_str()).any(|parent| self.has(parent)))
    }

    /// Whether what a release has at `path` is not laid out, because the shared one takes its place.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.has(path) || parents(path).any(|parent| self.has(parent))
    }

    /// Where the link at `path` leads.
    pub(super) fn target(&self, path: &RelPath) -> PathBuf {
        path.under(&self.folder)
    }

    /// Makes what is not there yet: from what the release has at that path, or else as an empty folder.
    pub(super) fn prepare(&self, shelf: &Shelf, release: &ReleaseManifest) -> Result<(), Fault> {
        for path in &self.paths {
            tree::make(&self.folder)?;
            self.make_parents(release, path)?;
            let target = self.target(path);
            if target.symlink_metadata().is_err() {
                seed(shelf, &self.folder, release, path, &target)?;
            }
        }
        Ok(())
    }

    fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|shared| shared.as_str() == path)
    }

    /// Makes the folders above a shared path. Programs write below here, so a link among them is not followed.
    fn make_parents(&self, release: &ReleaseManifest, path: &RelPath) -> Result<(), Fault> {
        let mut above: Vec<PathBuf> = parents(path.as_str()).map(|parent| self.folder.join(parent)).collect();
        above.reverse();
        for folder in above {
            match folder.symlink_metadata() {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => {
                    let why = format!("{} is no folder", folder.display());
                    return Err(Fault::Hostile { release: release.id, path: path.to_string(), why });
                }
                Err(_) => fs::create_dir(&folder).map_err(Fault::io("make", &folder))?,
            }
        }
        Ok(())
    }
}

/// Puts a copy of what the release has at `path` at `target`, all at once.
fn seed(shelf: &Shelf, folder: &Path, release: &ReleaseManifest, path: &RelPath, target: &Path) -> Result<(), Fault> {
    let temporary = folder.with_file_name(shelf.temporary());
    let written = fill(shelf, release, path, &temporary)?;
    durable::settle(&written)?;
    fs::rename(&temporary, target).map_err(Fault::io("make", target))?;
    durable::settle_folder_of(target)
}

/// Answers what has to be on the disk.
fn fill(shelf: &Shelf, release: &ReleaseManifest, path: &RelPath, to: &Path) -> Result<Vec<PathBuf>, Fault> {
    if let Some(FileEntry { content: FileContent::File { digest, executable, .. }, .. }) = release.files.iter().find(|entry| entry.path == *path) {
        copy(shelf, Blob { digest: *digest, executable: *executable }, to)?;
        return Ok(vec![to.to_owned()]);
    }
    tree::make(to)?;
    let mut written = vec![to.to_owned()];
    let below = format!("{path}/");
    for entry in &release.files {
        let Some(inner) = entry.path.as_str().strip_prefix(&below) else { continue };
        let inner = to.join(inner);
        if let Some(folder) = inner.parent() {
            tree::make(folder)?;
            written.push(folder.to_owned());
        }
        match &entry.content {
            FileContent::Link { target } => symlink(target, &inner).map_err(Fault::io("make", &inner))?,
            FileContent::File { digest, executable, .. } => {
                copy(shelf, Blob { digest: *digest, executable: *executable }, &inner)?;
                written.push(inner);
            }
        }
    }
    Ok(written)
}

/// Unlike what is laid out, it can be written to.
fn copy(shelf: &Shelf, blob: Blob, to: &Path) -> Result<(), Fault> {
    copy_file(&blob.path(shelf), to)?;
    tree::set_mode(to, blob.mode() | 0o200)
}
