//! Values of secrets on a simulated machine.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use plimsoll_host::Trouble;
use plimsoll_host::secrets::SecretStore;
use plimsoll_model::{ComponentName, ConfigHash, EnvironmentKey, Secret};

use super::Hands;
use crate::deed::Deed;
use crate::machine::State;

/// How often others have their turn while values are swept.
const SWEEP_TURNS: u32 = 12;

#[async_trait]
impl SecretStore for Hands {
    async fn keep(
        &self,
        key: &EnvironmentKey,
        component: &ComponentName,
        config: &ConfigHash,
        values: &BTreeMap<String, Secret<String>>,
    ) -> Result<(), Trouble> {
        let place = (key.clone(), component.clone(), *config);
        let keep = |state: &mut State| {
            state.secrets.insert(place, values.clone());
            Ok(())
        };
        self.effect(Deed::KeepSecrets(component.clone()), keep).await
    }

    async fn read(&self, key: &EnvironmentKey, component: &ComponentName, config: &ConfigHash) -> Result<BTreeMap<String, Secret<String>>, Trouble> {
        self.alive().await;
        Ok(self.machine.state().secrets.get(&(key.clone(), component.clone(), *config)).cloned().unwrap_or_default())
    }

    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<(ComponentName, ConfigHash)>) -> Result<(), Trouble> {
        let wanted =
            |(of, component, config): &(EnvironmentKey, ComponentName, ConfigHash)| of != key || needed.contains(&(component.clone(), *config));
        let sweep = |state: &mut State| {
            state.secrets.retain(|place, _| wanted(place));
            Ok(())
        };
        // Many files take their time, in which the next deployment begins.
        for _ in 0..SWEEP_TURNS {
            self.pause().await;
        }
        self.effect(Deed::SweepSecrets, sweep).await
    }
}
