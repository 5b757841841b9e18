//! Where traffic goes.

mod builtin;
mod nginx;
mod restore;

use async_trait::async_trait;
use plimsoll_model::plan::PortUse;
use plimsoll_model::route::Route;
use plimsoll_model::{EnvironmentKey, SlotId};

use crate::trouble::Trouble;

pub use builtin::Builtin;
pub use nginx::Nginx;

/// Leads traffic to slots and sites.
#[async_trait]
pub trait Router: Send + Sync {
    /// Makes `routes` all the routes of this host, at once. When it returns, every new request follows them.
    /// On failure nothing has changed.
    async fn apply(&self, routes: Vec<Route>) -> Result<(), Trouble>;

    /// Returns when no request is under way in a slot any more, or `within_ms` have passed.
    async fn drain(&self, key: &EnvironmentKey, slot: &SlotId, within_ms: u64) -> Result<(), Trouble>;

    /// Whether routes with TLS and without may share a port.
    fn mixes_protocols(&self) -> bool {
        true
    }

    /// Who uses a port, if anyone does.
    async fn port(&self, port: u16) -> Option<PortUse>;

    /// Returns when what keeps the proxy running may have ended: the routes are to be applied again. Never, where nothing does.
    async fn lost(&self) {
        std::future::pending().await
    }

    /// Process id of the proxy, while it runs.
    async fn pid(&self) -> Option<u32>;

    /// Process id of what keeps the proxy running, where that is a process of our own.
    async fn keeper(&self) -> Option<u32> {
        None
    }

    /// Puts this very program in the place of the proxy's when another one runs, and loses no request by it: what the other one has begun
    /// it finishes. Returns whether there was anything to do. On failure the other one serves on. Routes that are applied meanwhile wait.
    async fn upgrade(&self) -> Result<bool, Trouble> {
        Ok(false)
    }

    /// Ends the proxy: the listening sockets close.
    async fn stop(&self) -> Result<(), Trouble>;
}

/// What the proxy calls a slot: unique over all environments of the host.
#[must_use]
pub fn slot_name(key: &EnvironmentKey, slot: &SlotId) -> String {
    format!("{key}/{slot}")
}
