//! A host process that is a part of this one: a host on a runtime of its own, so that it can be killed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_api::{
    ApprovalQuery, AuditPage, AuditQuery, BackupQuery, CopyAnswer, CopyQuery, Enrolled, Events, Facts, HostApi, HostError, LogLine, LogQuery, Look,
    Open, Opened, Order, Report, SchemaQuery, SecretDigests, SecretValues, Service, Upgraded,
};
use plimsoll_host::daemon::{Options, start};
use plimsoll_host::folders::Folders;
use plimsoll_host::ledger::SqliteLedger;
use plimsoll_host::{Handle, Trouble};
use plimsoll_model::approval::Asked;
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::Observed;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, HostName};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, mpsc};

/// How long what a killed host had under way on threads that cannot be stopped may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host with real effects, of which the next question starts another one when it was killed or has stopped.
pub(super) struct Process {
    alive: Mutex<Option<(Handle, Runtime)>>,
    options: Options,
}

impl Process {
    pub(super) fn new(options: Options) -> Self {
        Self { alive: Mutex::default(), options }
    }

    /// Ends all that the host does, wherever it is.
    pub(super) async fn kill(&self) {
        if let Some((_, runtime)) = self.alive.lock().await.take() {
            let killed = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE));
            killed.await.expect("killing does not fail");
        }
    }

    /// Asks the host that is there, or a new one; that it is killed meanwhile is seen as a connection that breaks.
    async fn ask<T, F>(&self, question: impl FnOnce(Handle) -> F) -> Result<T, HostError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, HostError>> + Send + 'static,
    {
        let asked = {
            let mut alive = self.alive.lock().await;
            let (host, runtime) = match alive.take() {
                Some(alive) => alive,
                None => self.start().await.map_err(HostError::Internal)?,
            };
            let asked = runtime.spawn(question(host.clone()));
            *alive = Some((host, runtime));
            asked
        };
        match asked.await {
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            answer => answer.unwrap_or_else(|_| Err(gone())),
        }
    }

    async fn start(&self) -> Result<(Handle, Runtime), Trouble> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("the system has threads");
        let options = self.options.clone();
        let started = runtime.spawn(async move {
            let folders = Folders::new(&options.folder);
            let ledger = Arc::new(SqliteLedger::open(&folders.ledger()).await?);
            start(&options, &folders, ledger).await
        });
        Ok((Handle(started.await.expect("nobody kills a host that starts")?), runtime))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some((_, runtime)) = self.alive.get_mut().take() {
            runtime.shutdown_background();
        }
    }
}

fn gone() -> HostError {
    HostError::unreachable(HostName::local(), "it was killed", "ask again")
}

#[async_trait]
impl HostApi for Process {
    async fn facts(&self) -> Result<Facts, HostError> {
        self.ask(|host| async move { host.facts().await }).await
    }

    async fn observe(&self, look: Look) -> Result<Observed, HostError> {
        self.ask(|host| async move { host.observe(look).await }).await
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        let key = key.clone();
        self.ask(|host| async move { host.digest_secrets(&key, values).await }).await
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        let release = release.clone();
        self.ask(|host| async move { host.offer(&release).await }).await
    }

    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        self.ask(|host| async move { host.upload(files).await }).await
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        self.ask(|host| async move { host.open(open).await }).await
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        let id = id.clone();
        self.ask(|host| async move { host.renew(&id).await }).await
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        let id = id.clone();
        self.ask(|host| async move { host.order(&id, order, events).await }).await
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        let key = key.clone();
        self.ask(|host| async move { host.history(&key, limit).await }).await
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        let key = key.clone();
        self.ask(|host| async move { host.services(&key).await }).await
    }

    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError> {
        let (key, by) = (key.clone(), by.clone());
        self.ask(|host| async move { host.renew_certificates(&key, force, &by).await }).await
    }

    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
        self.ask(|host| async move { host.backups(query).await }).await
    }

    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError> {
        self.ask(|host| async move { host.copies(query).await }).await
    }

    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
        self.ask(|host| async move { host.schemas(query).await }).await
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
        self.ask(|host| async move { host.approvals(query).await }).await
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        self.ask(|host| async move { host.logs(query, lines).await }).await
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError> {
        self.ask(|host| async move { host.audit(query).await }).await
    }

    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError> {
        let (key, id) = (key.clone(), id.clone());
        self.ask(|host| async move { host.run_log(&key, &id, keep).await }).await
    }

    async fn note(&self, deed: Deed) -> Result<(), HostError> {
        self.ask(|host| async move { host.note(deed).await }).await
    }

    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError> {
        let by = by.clone();
        self.ask(|host| async move { host.upgrade(&by).await }).await
    }

    async fn stop(&self, everything: bool, by: &Actor) -> Result<(), HostError> {
        let by = by.clone();
        self.ask(|host| async move { host.stop(everything, &by).await }).await?;
        self.kill().await;
        Ok(())
    }
}
