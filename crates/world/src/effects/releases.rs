//! Releases on a simulated machine: there or not, laid out or not.

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use bytes::Bytes;
use plimsoll_api::wire::piece::{Place, Search};
use plimsoll_host::Trouble;
use plimsoll_host::releases::{Releases, Shared, judge};
use plimsoll_model::release::{FileContent, ReleaseManifest};
use plimsoll_model::{ComponentName, Digest, EnvironmentKey, RelPath, ReleaseId};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::Hands;
use crate::deed::Deed;
use crate::machine::{State, folder};

impl Hands {
    /// A file is there, whatever is in it.
    pub(crate) async fn arrives(&self, digest: Digest) -> Result<(), Trouble> {
        self.effect(Deed::Take, |state| Ok(state.files.insert(digest))).await.map(drop)
    }
}

impl State {
    /// Forgets a release that is laid out nowhere, with the files that no other has.
    fn prune(&mut self, release: &ReleaseId) {
        if self.staged.iter().any(|(_, _, staged)| staged == release) {
            return;
        }
        let files = self.releases.remove(release).unwrap_or_default();
        self.files.retain(|file| !files.contains(file) || self.releases.values().any(|others| others.contains(file)));
    }
}

fn digests(release: &ReleaseManifest) -> BTreeSet<Digest> {
    let digest = |content: &FileContent| if let FileContent::File { digest, .. } = content { Some(*digest) } else { None };
    release.files.iter().filter_map(|entry| digest(&entry.content)).collect()
}

#[async_trait]
impl Releases for Hands {
    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, Trouble> {
        judge(release)?;
        let digests = digests(release);
        self.effect(Deed::Offer(release.id), |state| {
            let missing: Vec<Digest> = digests.difference(&state.files).copied().collect();
            if missing.is_empty() {
                state.releases.insert(release.id, digests);
            }
            Ok(missing)
        })
        .await
    }

    async fn take(&self, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).await.map_err(|error| Trouble::new("upload-broken", error.to_string()))?;
        if Digest::of(&bytes) != digest || bytes.len() as u64 != size {
            return Err(Trouble::new("hash-mismatch", format!("the content of file {} is not what was announced", digest.short())));
        }
        self.arrives(digest).await
    }

    /// No bytes are kept here, so none of a file is.
    async fn places(&self, search: Search) -> Result<Vec<Option<Place>>, Trouble> {
        Ok(vec![None; search.pieces.len()])
    }

    async fn piece(&self, file: Digest, _: Place, _: u32) -> Result<Bytes, Trouble> {
        Err(Trouble::new("hash-mismatch", format!("what this host had of file {} is gone", file.short())))
    }

    async fn has(&self, release: &ReleaseId) -> Result<bool, Trouble> {
        self.alive().await;
        Ok(self.machine.state().releases.contains_key(release))
    }

    async fn stage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId, _: Shared<'_>) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *release);
        self.effect(Deed::Stage(component.clone(), *release), |state| match state.releases.contains_key(release) {
            true => Ok(state.staged.insert(place)),
            false => Err(Trouble::new("release-missing", format!("there is no release {}", release.short()))),
        })
        .await
        .map(drop)
    }

    fn folder(&self, _: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> PathBuf {
        folder(component, release)
    }

    fn shared(&self, key: &EnvironmentKey, component: &ComponentName) -> PathBuf {
        crate::likeness::shared(key, component)
    }

    async fn unstage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *release);
        self.effect(Deed::Unstage(component.clone(), *release), |state| Ok(state.staged.remove(&place))).await.map(drop)
    }

    async fn prune(&self, release: &ReleaseId) -> Result<(), Trouble> {
        self.effect(Deed::Prune(*release), |state| {
            state.prune(release);
            Ok(())
        })
        .await
    }

    async fn verify(&self, _: &ReleaseId) -> Result<Vec<RelPath>, Trouble> {
        Ok(Vec::new())
    }

    fn disk_free_bytes(&self) -> u64 {
        1 << 40
    }
}
