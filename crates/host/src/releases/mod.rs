//! Releases on a host: files kept by their hash, and laid out as folders where they are needed.

mod store;

use std::path::PathBuf;

use async_trait::async_trait;
use bytes::Bytes;
use plimsoll_api::wire::piece::{Place, Search};
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, Digest, EnvironmentKey, RelPath, ReleaseId};
use tokio::io::AsyncRead;

use crate::trouble::Trouble;

pub use store::{Store, judge};

/// What outlives releases.
#[derive(Debug, Clone, Copy)]
pub struct Shared<'a> {
    /// The component whose it is.
    pub of: &'a ComponentName,
    /// Files and folders, relative to the release.
    pub paths: &'a [RelPath],
}

/// The release store.
#[async_trait]
pub trait Releases: Send + Sync {
    /// Tells of a release; answers which files are missing. When none is, the release is registered.
    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, Trouble>;

    /// Takes the content of a file in; refuses it when its hash is another. `size` in bytes.
    async fn take(&self, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), Trouble>;

    /// Where pieces of a large file lie that was offered and is missing: for each, in their order.
    async fn places(&self, search: Search) -> Result<Vec<Option<Place>>, Trouble>;

    /// What lies at a place that was told for `file`: `length` bytes.
    async fn piece(&self, file: Digest, place: Place, length: u32) -> Result<Bytes, Trouble>;

    /// Whether a release is there with all of its files.
    async fn has(&self, release: &ReleaseId) -> Result<bool, Trouble>;

    /// Lays a release out as a read-only folder; what is `shared` leads to folders that outlive it.
    async fn stage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId, shared: Shared<'_>) -> Result<(), Trouble>;

    /// Where a release is laid out for a component.
    fn folder(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> PathBuf;

    /// What outlives the releases of a component.
    fn shared(&self, key: &EnvironmentKey, component: &ComponentName) -> PathBuf;

    /// Takes the folder away again; what is shared stays.
    async fn unstage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> Result<(), Trouble>;

    /// Forgets a release that is laid out nowhere, and deletes the files that no other needs.
    async fn prune(&self, release: &ReleaseId) -> Result<(), Trouble>;

    /// Reads every file of a release again and compares its hash; answers the paths that are damaged or missing.
    async fn verify(&self, release: &ReleaseId) -> Result<Vec<RelPath>, Trouble>;

    /// Free space where releases are kept, in bytes.
    fn disk_free_bytes(&self) -> u64;
}
