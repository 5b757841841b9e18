//! Releases on a simulated machine: there or not, laid out or not.

use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_host::Trouble;
use plimsoll_host::releases::Releases;
use plimsoll_model::release::{FileContent, ReleaseManifest};
use plimsoll_model::{ComponentName, Digest, EnvironmentKey, RelPath, ReleaseId};
use tokio::io::AsyncRead;

use super::Hands;
use crate::world::deed::Deed;
use crate::world::machine::folder;

#[async_trait]
impl Releases for Hands {
    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, Trouble> {
        let digests = release.files.iter().filter_map(|entry| match &entry.content {
            FileContent::File { digest, .. } => Some(*digest),
            FileContent::Link { .. } => None,
        });
        self.effect(Deed::Offer(release.id), |state| {
            let missing: Vec<Digest> = digests.filter(|digest| !state.files.contains(digest)).collect();
            if missing.is_empty() {
                state.releases.insert(release.id);
            }
            Ok(missing)
        })
        .await
    }

    async fn take(&self, digest: Digest, _: u64, _: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), Trouble> {
        self.effect(Deed::Take, |state| Ok(state.files.insert(digest))).await.map(drop)
    }

    async fn has(&self, release: &ReleaseId) -> Result<bool, Trouble> {
        self.alive().await;
        Ok(self.machine.state().releases.contains(release))
    }

    async fn stage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId, _: &[RelPath]) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *release);
        self.effect(Deed::Stage(component.clone(), *release), |state| match state.releases.contains(release) {
            true => Ok(state.staged.insert(place)),
            false => Err(Trouble::new("release-missing", format!("there is no release {}", release.short()))),
        })
        .await
        .map(drop)
    }

    fn folder(&self, _: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> PathBuf {
        folder(component, release)
    }

    async fn unstage(&self, key: &EnvironmentKey, component: &ComponentName, release: &ReleaseId) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *release);
        self.effect(Deed::Unstage(component.clone(), *release), |state| Ok(state.staged.remove(&place))).await.map(drop)
    }

    async fn prune(&self, release: &ReleaseId) -> Result<(), Trouble> {
        self.effect(Deed::Prune(*release), |state| Ok(state.releases.remove(release))).await.map(drop)
    }

    async fn verify(&self, _: &ReleaseId) -> Result<Vec<RelPath>, Trouble> {
        Ok(Vec::new())
    }

    fn disk_free_bytes(&self) -> u64 {
        1 << 40
    }
}
