//! The keys that open a login: which one does, which ones may, and changing that. Which ones shall is left to `ops`.

use std::path::Path;

use plimsoll_api::HostError;
use plimsoll_model::HostName;
use sha2::{Digest, Sha256};

use super::{Road, Ssh};
use crate::install::script;

impl Ssh {
    /// The fingerprint of the key that opens a host right now, by a connection of its own; none when no key is needed. With `key`, that
    /// private key is offered first.
    ///
    /// # Errors
    /// Nothing opens it.
    pub async fn opened_by(&self, host: &HostName, key: Option<&Path>) -> Result<Option<String>, HostError> {
        self.road(host, key).opened_by().await.map_err(|fault| fault.on(host))
    }

    /// What the `authorized_keys` of a login holds. With `key`, by that private key.
    ///
    /// # Errors
    /// There is no way to it, or it has no such file.
    pub async fn authorized_keys(&self, host: &HostName, key: Option<&Path>) -> Result<String, HostError> {
        self.road(host, key).run(&script::read_keys()).await.map_err(|fault| fault.on(host))
    }

    /// Replaces the `authorized_keys` of a login, which holds `former`. With `key`, by that private key.
    ///
    /// # Errors
    /// `keys-changed` when it holds something else by now, or there is no way to it. Either way it is whole.
    pub async fn replace_authorized_keys(&self, host: &HostName, key: Option<&Path>, former: &str, content: &str) -> Result<(), HostError> {
        let command = script::write_keys(&sha256(former), &sha256(content));
        self.road(host, key).talk(&command, content.as_bytes(), |_| {}).await.map_err(|fault| fault.on(host))
    }

    fn road(&self, host: &HostName, key: Option<&Path>) -> Road {
        let road = Road::new(self.clone(), host.clone());
        if let Some(key) = key { road.by_key(key) } else { road }
    }
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
