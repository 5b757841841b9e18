//! A host that may die at any call, and is there again at the next.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_api::{
    ApprovalQuery, AuditPage, AuditQuery, BackupQuery, CopyAnswer, CopyQuery, Enrolled, Events, Facts, HostApi, HostError, LogLine, LogQuery, Look,
    Open, Opened, Order, Report, SchemaQuery, SecretDigests, SecretValues, Service, Upgraded,
};
use plimsoll_host::clock::Clock;
use plimsoll_host::{About, Handle, Host};
use plimsoll_model::approval::Asked;
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::Observed;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use super::Machine;
use super::effects::Hands;

/// [`HostApi`] of a machine in memory. Clones are the same host.
#[derive(Clone)]
pub struct SimHost {
    machine: Machine,
    alive: Arc<Mutex<Option<Process>>>,
}

/// A host process.
#[derive(Clone)]
struct Process {
    handle: Arc<Handle>,
    hands: Hands,
    dead: CancellationToken,
}

impl SimHost {
    /// A host on `machine`. It starts when it is first asked something.
    #[must_use]
    pub fn new(machine: Machine) -> Self {
        Self { machine, alive: Arc::default() }
    }

    /// Its machine.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Kills the host process, if there is one.
    pub async fn kill(&self) {
        if let Some(process) = self.alive.lock().await.take() {
            process.dead.cancel();
        }
    }

    /// Whether the host process that was started last still lives.
    pub async fn lives(&self) -> bool {
        self.alive.lock().await.as_ref().is_some_and(|process| !process.dead.is_cancelled())
    }

    /// Asks the host that is there, or a new one; that it dies meanwhile is seen as a connection that breaks.
    async fn ask<T, F: Future<Output = Result<T, HostError>>>(&self, question: impl FnOnce(Process) -> F) -> Result<T, HostError> {
        let process = self.process().await?;
        let dead = process.dead.clone();
        tokio::select! {
            biased;
            () = dead.cancelled() => Err(self.unreachable()),
            answer = question(process) => answer,
        }
    }

    /// The host process; one that has to be started goes on starting when whoever asked is gone.
    async fn process(&self) -> Result<Process, HostError> {
        if let Some(process) = self.alive.lock().await.as_ref().filter(|process| !process.dead.is_cancelled()) {
            return Ok(process.clone());
        }
        let host = self.clone();
        tokio::spawn(async move { host.start().await }).await.unwrap_or_else(|_| Err(self.unreachable()))
    }

    async fn start(&self) -> Result<Process, HostError> {
        let mut alive = self.alive.lock().await;
        if let Some(process) = alive.as_ref().filter(|process| !process.dead.is_cancelled()) {
            return Ok(process.clone());
        }
        self.machine.chronicle().tell(self.machine.name(), || "starts".into());
        let dead = CancellationToken::new();
        let hands = Hands::new(self.machine.clone(), dead.clone());
        let about =
            About { build: "simulated".into(), folder: PathBuf::from("/"), started_at: hands.now(), actor: Actor::host("plimsoll", "simulated") };
        let host = tokio::select! {
            biased;
            () = dead.cancelled() => return Err(self.unreachable()),
            host = Host::start(hands.world(), about) => host.map_err(HostError::Internal),
        };
        // What a host that could not start has begun ends with it.
        let host = host.inspect_err(|_| dead.cancel())?;
        hands.started();
        let process = Process { handle: Arc::new(Handle(host)), hands, dead };
        *alive = Some(process.clone());
        Ok(process)
    }

    fn unreachable(&self) -> HostError {
        HostError::unreachable(self.machine.name().clone(), "the connection broke", "try again")
    }
}

#[async_trait]
impl HostApi for SimHost {
    async fn facts(&self) -> Result<Facts, HostError> {
        self.ask(|host| async move { host.handle.facts().await }).await
    }

    async fn observe(&self, look: Look) -> Result<Observed, HostError> {
        self.ask(|host| async move { host.handle.observe(look).await }).await
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        self.ask(|host| async move { host.handle.digest_secrets(key, values).await }).await
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        self.ask(|host| async move { host.handle.offer(release).await }).await
    }

    /// A file with a relative path is nowhere on a disk: only that it arrives matters.
    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        self.ask(|host| async move {
            let (real, nowhere): (Vec<_>, Vec<_>) = files.into_iter().partition(|(_, path)| path.is_absolute());
            for (digest, _) in nowhere {
                host.hands.arrives(digest).await.map_err(HostError::Refused)?;
            }
            host.handle.upload(real).await
        })
        .await
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        self.ask(|host| async move { host.handle.open(open).await }).await
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        self.ask(|host| async move { host.handle.renew(id).await }).await
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        let id = id.clone();
        // As in the daemon, an order that was begun goes on when whoever gave it is gone.
        self.ask(|host| async move {
            let unreachable = self.unreachable();
            let carried_out = tokio::spawn(async move { host.handle.order(&id, order, events).await });
            carried_out.await.unwrap_or(Err(unreachable))
        })
        .await
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        self.ask(|host| async move { host.handle.history(key, limit).await }).await
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        self.ask(|host| async move { host.handle.services(key).await }).await
    }

    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError> {
        self.ask(|host| async move { host.handle.renew_certificates(key, force, by).await }).await
    }

    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
        self.ask(|host| async move { host.handle.backups(query).await }).await
    }

    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError> {
        self.ask(|host| async move { host.handle.copies(query).await }).await
    }

    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
        self.ask(|host| async move { host.handle.schemas(query).await }).await
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
        self.ask(|host| async move { host.handle.approvals(query).await }).await
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        self.ask(|host| async move { host.handle.logs(query, lines).await }).await
    }

    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError> {
        self.ask(|host| async move { host.handle.run_log(key, id, keep).await }).await
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError> {
        self.ask(|host| async move { host.handle.audit(query).await }).await
    }

    async fn note(&self, deed: Deed) -> Result<(), HostError> {
        self.ask(|host| async move { host.handle.note(deed).await }).await
    }

    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError> {
        self.ask(|host| async move { host.handle.upgrade(by).await }).await
    }

    async fn stop(&self, everything: bool, by: &Actor) -> Result<(), HostError> {
        self.ask(|host| async move { host.handle.stop(everything, by).await }).await?;
        self.kill().await;
        Ok(())
    }
}
