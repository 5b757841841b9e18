//! Certificates on a simulated machine.

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_host::Trouble;
use plimsoll_host::certificates::CertificateStore;
use plimsoll_model::{Digest, EnvironmentKey, Secret};

use super::Hands;

#[async_trait]
impl CertificateStore for Hands {
    async fn keep(&self, key: &EnvironmentKey, certificate: Digest, _: Secret<String>) -> Result<(), Trouble> {
        self.alive().await;
        self.machine.state().certificates.insert((key.clone(), certificate));
        Ok(())
    }

    async fn has(&self, key: &EnvironmentKey, certificate: Digest) -> Result<bool, Trouble> {
        self.alive().await;
        Ok(self.machine.state().certificates.contains(&(key.clone(), certificate)))
    }

    fn path(&self, key: &EnvironmentKey, certificate: Digest) -> PathBuf {
        PathBuf::from(format!("/{key}/{certificate}.pem"))
    }

    async fn sweep(&self, key: &EnvironmentKey, needed: &BTreeSet<Digest>) -> Result<(), Trouble> {
        self.alive().await;
        self.machine.state().certificates.retain(|(of, certificate)| of != key || needed.contains(certificate));
        Ok(())
    }
}
