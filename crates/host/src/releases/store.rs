//! The release store on disk.
//!
//! ```text
//! store/files/ab/REST      content by hash, read-only; REST.x is the same content, executable: a file has one mode
//!                          under all of its names, so the two are files of their own
//! store/releases/ID.json   a release that is registered: its manifest
//! store/incoming/          what was taken in and is not yet known to be on the disk; HASH.part is the beginning of what broke off
//! ```
//! A laid-out release is a folder of hard links into `store/files`. What was begun and not finished lies under names
//! that start with a dot, or in `incoming`; opening the store sweeps it away. Which releases are needed is not known here.

mod blob;
mod catalog;
mod durable;
mod fault;
mod judge;
mod layout;
mod offer;
mod parallel;
mod pieces;
mod prune;
mod shared;
mod sweep;
mod take;
mod tree;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use bytes::Bytes;
use plimsoll_api::wire::piece::{Place, Search};
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, Digest, EnvironmentKey, RelPath, ReleaseId};
use tokio::io::AsyncRead;

use self::fault::Fault;
use super::{Releases, Shared};
use crate::folders::Folders;
use crate::trouble::Trouble;

/// Refuses a release that must not be laid out, whoever made it: it reaches for something outside of it, or cannot be.
///
/// # Errors
/// `release-hostile`, with the path.
pub fn judge(release: &ReleaseManifest) -> Result<(), Trouble> {
    judge::judge(release, &[]).map_err(Fault::into_trouble)
}

/// Releases in a folder of this machine.
pub struct Store {
    shelf: Arc<Shelf>,
}

/// What all work on the store shares.
struct Shelf {
    folders: Folders,
    /// Held for reading by who relies on files of registered releases, for writing by who registers or deletes some.
    /// Only ever taken on a thread that may block.
    catalog: RwLock<()>,
    /// Releases that were offered and are not registered yet: nobody else may delete their files.
    offered: Mutex<HashMap<ReleaseId, ReleaseManifest>>,
    temporary: AtomicU64,
}

impl Store {
    /// Opens the store in `folders`, makes it when there is none, and sweeps away what an earlier process did not finish.
    ///
    /// # Errors
    /// `no-permission`, `disk-full` or `release-store`, when a folder cannot be made or swept.
    pub fn open(folders: &Folders) -> Result<Self, Trouble> {
        let shelf = Shelf { folders: folders.clone(), catalog: RwLock::new(()), offered: Mutex::default(), temporary: AtomicU64::new(0) };
        match sweep::sweep(&shelf) {
            Ok(()) => Ok(Self { shelf: Arc::new(shelf) }),
            Err(fault) => Err(fault.into_trouble()),
        }
    }

    /// Does `work` on a thread that may block.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce(&Shelf) -> Result<T, Fault> + Send + 'static) -> Result<T, Trouble> {
        let shelf = Arc::clone(&self.shelf);
        let done = tokio::task::spawn_blocking(move || work(&shelf)).await;
        done.unwrap_or_else(|error| Err(Fault::CutOff(error))).map_err(Fault::into_trouble)
    }
}

impl Shelf {
    fn rely(&self) -> RwLockReadGuard<'_, ()> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, ()> {
        self.catalog.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn offered(&self) -> MutexGuard<'_, HashMap<ReleaseId, ReleaseManifest>> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name that nothing else in this process has: for what is not finished yet.
    fn temporary(&self) -> String {
        format!(".new-{}", self.temporary.fetch_add(1, Ordering::Relaxed))
    }

    fn incoming(&self) -> PathBuf {
        self.folders.store().join("incoming")
    }

    fn files(&self) -> PathBuf {
        self.folders.store().join("files")
    }

    fn releases(&self) -> PathBuf {
        self.folders.store().join("releases")
    }
}

#[async_trait]
impl Releases for Store {
    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, Trouble> {
        let release = release.clone();
        self.work(move |shelf| offer::offer(shelf, &release)).await
    }

    async fn take(&self, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), Trouble> {
        take::take(&self.shelf, digest, size, content).await.map_err(Fault::into_trouble)
    }

    async fn places(&self, search: Search) -> Result<Vec<Option<Place>>, Trouble> {
        self.work(move |shelf| pieces::places(shelf, &search)).await
    }

    async fn piece(&self, file: Digest, place: Place, length: u32) -> Result<Bytes, Trouble> {
        self.work(move |shelf| pieces::read(shelf, file, place, length)).await
    }

    async fn has(&self, release: &ReleaseId) -> Result<bool, Trouble> {
        let release = *release;
        self.work(move |shelf| catalog::has(shelf, &release)).await
    }

    async fn stage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId, shared: Shared<'_>) -> Result<(), Trouble> {
        let (key, component, release, of, paths) = (key.clone(), component.clone(), *release, shared.of.clone(), shared.paths.to_vec());
        self.work(move |shelf| layout::stage(shelf, &key, &component, &release, Shared { of: &of, paths: &paths })).await
    }

    fn folder(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> PathBuf {
        self.shelf.folders.release(key, component, release)
    }

    fn shared(&self, key: &EnvironmentKey, component: &ComponentName) -> PathBuf {
        self.shelf.folders.shared(key, component)
    }

    async fn unstage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> Result<(), Trouble> {
        let folder = self.folder(key, component, release);
        self.work(move |shelf| layout::unstage(shelf, &folder)).await
    }

    async fn prune(&self, release: &ReleaseId) -> Result<(), Trouble> {
        let release = *release;
        self.work(move |shelf| prune::prune(shelf, &release)).await
    }

    async fn verify(&self, release: &ReleaseId) -> Result<Vec<RelPath>, Trouble> {
        let release = *release;
        self.work(move |shelf| verify::verify(shelf, &release)).await
    }

    fn disk_free_bytes(&self) -> u64 {
        durable::free_bytes(&self.shelf.folders.store())
    }
}
