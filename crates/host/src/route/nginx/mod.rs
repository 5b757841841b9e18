//! Routes through the nginx of the machine: files of ours beside the configuration of others, which stays as it is.
//!
//! Which servers there are to be is judged in [`servers`], how nginx is told in [`render`]; both know what others serve from [`foreign`].
//! [`files`] writes and takes back, [`program`] and [`workers`] are nginx's processes, [`generation`] tells which configuration they have,
//! and [`sites`] lays sites out. [`lead`] puts these together. New connections follow the routes when [`Router::apply`] returns; a connection
//! that a client keeps is closed by nginx when nothing is under way on it, and a request that was sent in that very instant is lost.

mod files;
mod foreign;
mod generation;
mod lead;
mod program;
mod render;
mod servers;
mod sites;
mod text;
mod workers;

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_model::plan::PortUse;
use plimsoll_model::route::Route;
use plimsoll_model::{EnvironmentKey, SlotId};
use tokio::sync::{Mutex, Notify};

use self::render::Places;
use super::Router;
use crate::policy::NginxPolicy;
use crate::trouble::Trouble;

/// Leads traffic through nginx.
pub struct Nginx {
    policy: NginxPolicy,
    places: Places,
    applied: Mutex<Applied>,
    /// Told when nginx has ended.
    lost: Arc<Notify>,
}

#[derive(Default)]
struct Applied {
    routes: Vec<Route>,
    /// The master process whose end is watched for.
    watched: Option<u32>,
}

impl Nginx {
    /// Leads traffic through the nginx that `policy` names.
    #[must_use]
    pub fn new(policy: NginxPolicy) -> Self {
        let places = Places { folder: policy.folder.clone(), sites: policy.sites.clone(), port: policy.port };
        Self { policy, places, applied: Mutex::default(), lost: Arc::default() }
    }

    /// Whether somebody else has nginx listen on `port`.
    async fn serves(&self, port: u16) -> bool {
        program::look(&self.policy).await.is_ok_and(|told| told.foreign().on(port).next().is_some())
    }

    /// Has the end of nginx noticed.
    fn watch(&self, applied: &mut Applied) {
        let master = program::master(&self.policy).filter(|_| !applied.routes.is_empty());
        if let Some(pid) = master.filter(|_| master != applied.watched) {
            applied.watched = master;
            let lost = Arc::clone(&self.lost);
            tokio::spawn(async move {
                workers::ended([pid]).await;
                lost.notify_one();
            });
        }
    }
}

#[async_trait]
impl Router for Nginx {
    async fn apply(&self, routes: Vec<Route>) -> Result<(), Trouble> {
        let mut applied = self.applied.lock().await;
        self.lead(&routes).await?;
        applied.routes = routes;
        self.watch(&mut applied);
        Ok(())
    }

    /// A worker that retires may have a request in any slot: all of them are waited for.
    async fn drain(&self, _key: &EnvironmentKey, _slot: &SlotId, within_ms: u64) -> Result<(), Trouble> {
        let retiring = program::master(&self.policy).map(workers::retiring).unwrap_or_default();
        // What has not ended by then is given up, as asked.
        let _ = tokio::time::timeout(Duration::from_millis(within_ms), workers::ended(retiring)).await;
        Ok(())
    }

    fn mixes_protocols(&self) -> bool {
        false
    }

    async fn port(&self, port: u16) -> Option<PortUse> {
        if self.applied.lock().await.routes.iter().any(|route| route.spec.ports().any(|used| used == port)) {
            return Some(PortUse::Proxy);
        }
        let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_err();
        let shared = taken && program::master(&self.policy).is_some() && self.serves(port).await;
        taken.then_some(if shared { PortUse::Proxy } else { PortUse::Other })
    }

    async fn lost(&self) {
        self.lost.notified().await;
    }

    async fn pid(&self) -> Option<u32> {
        program::master(&self.policy)
    }

    async fn stop(&self) -> Result<(), Trouble> {
        let mut applied = self.applied.lock().await;
        self.lead(&[]).await?;
        applied.routes.clear();
        Ok(())
    }
}
