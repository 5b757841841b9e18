//! Releases that were built, kept so that nothing is built twice: a tree of files and the manifest of what is in it.
//!
//! A release is put there as a whole or not at all. It is read back with every hash checked, so a damaged one is as good as none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::{ComponentName, Digest, RelPath, ReleaseId};
use serde::{Deserialize, Serialize};

use crate::blocking::blocking;
use crate::gather::{Item, Load};
use crate::{BuildError, Cache, durable, hash};

/// A release, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// What is in it.
    pub manifest: ReleaseManifest,
    /// A file on this machine for each content in it.
    pub files: BTreeMap<Digest, PathBuf>,
}

/// So many releases of a component are kept.
const KEPT: usize = 5;

/// Version of what is written beside a release.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    manifest: ReleaseManifest,
}

impl Cache {
    /// The release of `component` called `id`, if it was built before and is undamaged.
    pub async fn cached(&self, component: &ComponentName, id: ReleaseId) -> Option<Packed> {
        let folder = self.release(component, id);
        blocking(move || read(&folder, id)).await
    }

    fn release(&self, component: &ComponentName, id: ReleaseId) -> PathBuf {
        self.built(component).join(id.to_string())
    }
}

/// A release that lies in the cache under no name yet. Dropped, it is gone.
#[must_use]
pub(crate) struct Staged {
    folder: PathBuf,
    target: PathBuf,
    manifest: ReleaseManifest,
}

/// Copies `load` into the cache, hashing what is written: what is sent is what was hashed.
///
/// # Errors
/// A file cannot be read, or the cache cannot be written.
pub(crate) fn stage(cache: &Cache, component: &ComponentName, id: ReleaseId, load: Load) -> Result<Staged, BuildError> {
    let target = cache.release(component, id);
    let folder = cache.built(component).join(format!("{id}.new"));
    remove(&folder)?;
    let manifest = ReleaseManifest { id, component: component.clone(), files: Vec::new() };
    let mut staged = Staged { folder, target, manifest };
    staged.manifest.files = copy(&staged.folder.join("tree"), load)?;
    Ok(staged)
}

/// A release that is sent from where its files lie. What they hold is what `load` was told; who takes them in compares.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn in_place(component: &ComponentName, id: ReleaseId, load: Load) -> Result<Packed, BuildError> {
    let items: Vec<(RelPath, Item)> = load.into_iter().collect();
    let entries = hash::each(&items, |(path, item)| Ok(FileEntry { path: path.clone(), content: stand(item)? }))?;
    let lying = items.into_iter().zip(&entries).filter_map(|((_, item), entry)| match (item, &entry.content) {
        (Item::File { from, .. }, FileContent::File { digest, .. }) => Some((*digest, from)),
        _ => None,
    });
    Ok(Packed { files: lying.collect(), manifest: ReleaseManifest { id, component: component.clone(), files: entries } })
}

fn stand(item: &Item) -> Result<FileContent, BuildError> {
    match item {
        Item::Link(target) => Ok(FileContent::Link { target: target.clone() }),
        Item::File { from, executable, digest } => {
            let digest = digest.map_or_else(|| hash::file(from), Ok).map_err(BuildError::io("read", from))?;
            let size = fs::metadata(from).map_err(BuildError::io("read", from))?.len();
            Ok(FileContent::File { digest, size, executable: *executable })
        }
    }
}

impl Staged {
    /// Gives the release its name, and lets go of the oldest.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub(crate) fn keep(self) -> Result<Packed, BuildError> {
        let stored = Stored { version: VERSION, manifest: self.manifest.clone() };
        let text = serde_json::to_vec(&stored).expect("a manifest has string keys and no failing serializer");
        durable::write(&self.folder.join("manifest.json"), &text)?;
        remove(&self.target)?;
        fs::rename(&self.folder, &self.target).map_err(BuildError::io("keep", &self.target))?;
        self.target.parent().map_or(Ok(()), |component| prune(component, &self.target))?;
        Ok(packed(self.manifest.clone(), &self.target))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // What cannot be removed now is removed when the same release is staged again.
        let _ = remove(&self.folder);
    }
}

fn copy(tree: &Path, load: Load) -> Result<Vec<FileEntry>, BuildError> {
    let folders: BTreeSet<PathBuf> = load.keys().filter_map(|path| path.under(tree).parent().map(Path::to_path_buf)).collect();
    folders.iter().try_for_each(|folder| durable::folder(folder))?;
    let items: Vec<(RelPath, Item)> = load.into_iter().collect();
    hash::each(&items, |(path, item)| {
        let content = copy_one(&path.under(tree), item)?;
        Ok(FileEntry { path: path.clone(), content })
    })
}

fn copy_one(to: &Path, item: &Item) -> Result<FileContent, BuildError> {
    match item {
        Item::Link(target) => {
            symlink(target, to).map_err(BuildError::io("link", to))?;
            Ok(FileContent::Link { target: target.clone() })
        }
        Item::File { from, executable, .. } => {
            let (digest, size) = hash::copy(from, to, if *executable { 0o755 } else { 0o644 }).map_err(BuildError::io("copy", from))?;
            Ok(FileContent::File { digest, size, executable: *executable })
        }
    }
}

fn read(folder: &Path, id: ReleaseId) -> Option<Packed> {
    let stored: Stored = serde_json::from_slice(&fs::read(folder.join("manifest.json")).ok()?).ok()?;
    let whole = || hash::each(&stored.manifest.files, |entry| if intact(&folder.join("tree"), entry) { Ok(()) } else { Err(()) }).is_ok();
    if stored.version != VERSION || stored.manifest.id != id || !whole() {
        return None;
    }
    touch(folder);
    Some(packed(stored.manifest, folder))
}

fn intact(tree: &Path, entry: &FileEntry) -> bool {
    let path = entry.path.under(tree);
    match &entry.content {
        FileContent::Link { .. } => true,
        FileContent::File { digest, .. } => hash::file(&path).is_ok_and(|found| found == *digest),
    }
}

fn packed(manifest: ReleaseManifest, folder: &Path) -> Packed {
    let tree = folder.join("tree");
    let files = manifest.files.iter().filter_map(|entry| match entry.content {
        FileContent::File { digest, .. } => Some((digest, entry.path.under(&tree))),
        FileContent::Link { .. } => None,
    });
    Packed { files: files.collect(), manifest }
}

/// Marks a release as used, so that it is not the next to go.
fn touch(folder: &Path) {
    use rustix::fs::{Timespec, Timestamps, UTIME_NOW, futimens};
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    if let Ok(folder) = File::open(folder) {
        let _ = futimens(folder, &Timestamps { last_access: now, last_modification: now });
    }
}

/// Removes all but the newest releases of a component, and never `newest`.
fn prune(component: &Path, newest: &Path) -> Result<(), BuildError> {
    let entries = fs::read_dir(component).map_err(BuildError::io("list", component))?;
    let dated = |path: PathBuf| Some((fs::metadata(&path).ok()?.modified().ok()?, path));
    let mut others: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path != newest).filter_map(dated).collect();
    others.sort();
    let surplus = others.len().saturating_sub(KEPT - 1);
    others.iter().take(surplus).try_for_each(|(_, path)| remove(path))
}

fn remove(folder: &Path) -> Result<(), BuildError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(BuildError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}
