//! Values of secrets on a host: there for the slots that need them, and for nobody else.

mod files;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use plimsoll_model::{ComponentName, ConfigHash, EnvironmentKey, Secret};

use crate::trouble::Trouble;

pub use files::SecretFiles;

/// Keeps the values of a component's secrets under the configuration that they belong to, so that an earlier
/// configuration can be brought back with the values it had.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Keeps values.
    async fn keep(
        &self,
        key: &EnvironmentKey,
        component: &ComponentName,
        config: &ConfigHash,
        values: &BTreeMap<String, Secret<String>>,
    ) -> Result<(), Trouble>;

    /// The values that were kept; empty when there are none.
    async fn read(&self, key: &EnvironmentKey, component: &ComponentName, config: &ConfigHash) -> Result<BTreeMap<String, Secret<String>>, Trouble>;

    /// Deletes all values of an environment but those of `needed`.
    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<(ComponentName, ConfigHash)>) -> Result<(), Trouble>;
}
