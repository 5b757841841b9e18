//! Logs of runs on a simulated machine.

use async_trait::async_trait;
use plimsoll_host::Trouble;
use plimsoll_host::runs::{KEPT, RunLogs, end};
use plimsoll_model::{DeploymentId, EnvironmentKey};

use super::Hands;

#[async_trait]
impl RunLogs for Hands {
    async fn keep(&self, key: &EnvironmentKey, id: &DeploymentId, text: &str) -> Result<(), Trouble> {
        self.alive().await;
        let runs = &mut self.machine.state().runs;
        runs.insert((key.clone(), id.clone()), end(text).to_owned());
        let of_key: Vec<_> = runs.keys().filter(|(of, _)| of == key).cloned().collect();
        for oldest in of_key.iter().rev().skip(KEPT) {
            runs.remove(oldest);
        }
        Ok(())
    }

    async fn read(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Option<String>, Trouble> {
        self.alive().await;
        Ok(self.machine.state().runs.get(&(key.clone(), id.clone())).cloned())
    }
}
