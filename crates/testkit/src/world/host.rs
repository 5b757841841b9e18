//! A host that may die at any call, and is there again at the next.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_api::{Events, Facts, HostApi, HostError, LogLine, LogQuery, Look, Open, Opened, Order, Report, SecretDigests, SecretValues, Service};
use plimsoll_host::clock::Clock;
use plimsoll_host::{About, Handle, Host};
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::Observed;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{DeploymentId, Digest, EnvironmentKey, HostName};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use super::Machine;
use super::effects::Hands;

/// [`HostApi`] of a machine in memory.
pub struct SimHost {
    machine: Machine,
    alive: Mutex<Option<(Arc<Handle>, CancellationToken)>>,
}

impl SimHost {
    /// A host on `machine`. It starts when it is first asked something.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self { machine, alive: Mutex::default() }
    }

    /// Kills the host process, if there is one.
    pub async fn kill(&self) {
        if let Some((_, dead)) = self.alive.lock().await.take() {
            dead.cancel();
        }
    }

    /// Whether the host process that was started last still lives.
    pub async fn lives(&self) -> bool {
        self.alive.lock().await.as_ref().is_some_and(|(_, dead)| !dead.is_cancelled())
    }

    /// Asks the host that is there, or a new one; that it dies meanwhile is seen as a connection that breaks.
    async fn ask<T, F: Future<Output = Result<T, HostError>>>(&self, question: impl FnOnce(Arc<Handle>) -> F) -> Result<T, HostError> {
        let (handle, dead) = self.process().await?;
        tokio::select! {
            biased;
            () = dead.cancelled() => Err(unreachable()),
            answer = question(handle) => answer,
        }
    }

    async fn process(&self) -> Result<(Arc<Handle>, CancellationToken), HostError> {
        let mut alive = self.alive.lock().await;
        if let Some((handle, dead)) = alive.as_ref().filter(|(_, dead)| !dead.is_cancelled()) {
            return Ok((handle.clone(), dead.clone()));
        }
        let dead = CancellationToken::new();
        let hands = Hands::new(self.machine.clone(), dead.clone());
        let about = About { build: "simulated".into(), folder: PathBuf::from("/"), started_at: hands.now() };
        let host = tokio::select! {
            biased;
            () = dead.cancelled() => return Err(unreachable()),
            host = Host::start(hands.world(), about) => host.map_err(HostError::Internal)?,
        };
        let handle = Arc::new(Handle(host));
        *alive = Some((handle.clone(), dead.clone()));
        Ok((handle, dead))
    }
}

fn unreachable() -> HostError {
    HostError::Unreachable { host: HostName::local(), why: "the connection broke".into(), help: "try again".into() }
}

#[async_trait]
impl HostApi for SimHost {
    async fn facts(&self) -> Result<Facts, HostError> {
        self.ask(|host| async move { host.facts().await }).await
    }

    async fn observe(&self, look: Look) -> Result<Observed, HostError> {
        self.ask(|host| async move { host.observe(look).await }).await
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        self.ask(|host| async move { host.digest_secrets(key, values).await }).await
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        self.ask(|host| async move { host.offer(release).await }).await
    }

    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        self.ask(|host| async move { host.upload(files).await }).await
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        self.ask(|host| async move { host.open(open).await }).await
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        self.ask(|host| async move { host.renew(id).await }).await
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        let id = id.clone();
        // As in the daemon, an order that was begun goes on when whoever gave it is gone.
        self.ask(|host| async move {
            let carried_out = tokio::spawn(async move { host.order(&id, order, events).await });
            carried_out.await.unwrap_or_else(|_| Err(unreachable()))
        })
        .await
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        self.ask(|host| async move { host.history(key, limit).await }).await
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        self.ask(|host| async move { host.services(key).await }).await
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        self.ask(|host| async move { host.logs(query, lines).await }).await
    }

    async fn stop(&self, everything: bool) -> Result<(), HostError> {
        self.ask(|host| async move { host.stop(everything).await }).await
    }
}
