//! HostApi, asked of a daemon.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use plimsoll_api::wire::{About, DigestSecrets, LogsLine, OrderLine, RenewCertificates, RunLog, Stop, Upgrade, path};
use plimsoll_api::{
    ApprovalQuery, AuditPage, AuditQuery, BackupQuery, CopyAnswer, CopyQuery, Enrolled, Events, Facts, HostApi, HostError, LogLine, LogQuery, Look,
    Open, Opened, Order, Report, SchemaQuery, SecretDigests, SecretValues, Service, Upgraded,
};
use plimsoll_model::approval::Asked;
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::Observed;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, HostName};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use crate::Daemon;
use crate::lines::Lines;
use crate::link::{Link, nothing};
use crate::ssh::{Road, Ssh};
use crate::upload;
use crate::way::Way;

/// A host behind a socket. Clones share one connection, which is opened when it is needed and opened again when it broke.
///
/// A connection that breaks under a request is [`HostError::Unreachable`]: whether the host did anything is not known then.
#[derive(Clone)]
pub struct Client {
    link: Arc<Link>,
}

impl Client {
    /// The host that the daemon behind `socket` is; `host` is what it is called in errors.
    #[must_use]
    pub fn new(host: HostName, socket: PathBuf) -> Self {
        Self { link: Arc::new(Link::new(host, Way::Socket(socket))) }
    }

    /// The daemon of this machine. When it is found to have ended, it is started again.
    pub(crate) fn kept(daemon: Daemon) -> Self {
        Self { link: Arc::new(Link::new(HostName::local(), Way::Kept(daemon))) }
    }

    /// The daemon of another machine, which is started there when it is needed. One connection by `ssh`, opened by the first call.
    #[must_use]
    pub fn remote(host: HostName, ssh: Ssh) -> Self {
        Self { link: Arc::new(Link::new(host.clone(), Way::Ssh(Road::new(ssh, host)))) }
    }

    /// The same over a stream that is open already.
    pub(crate) async fn over(stream: UnixStream, host: HostName, socket: PathBuf) -> Result<Self, HostError> {
        let client = Self::new(host, socket);
        client.link.begin(stream).await?;
        Ok(client)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("host", self.link.host()).field("socket", &self.link.way().socket()).finish_non_exhaustive()
    }
}

#[async_trait]
impl HostApi for Client {
    async fn facts(&self) -> Result<Facts, HostError> {
        self.link.get(path::FACTS).await
    }

    async fn observe(&self, look: Look) -> Result<Observed, HostError> {
        self.link.ask(Method::POST, path::OBSERVE, &look).await
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        self.link.ask(Method::POST, path::DIGEST_SECRETS, &DigestSecrets { key: key.clone(), values }).await
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        self.link.ask(Method::POST, path::OFFER, release).await
    }

    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        upload::upload(&self.link, files).await
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        self.link.ask(Method::POST, path::DEPLOYMENTS, &open).await
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        self.link.exchange(Method::POST, &of_deployment(path::RENEW, id), nothing()).await
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        let body = self.link.json(&order)?;
        let response = self.link.send(Method::POST, &of_deployment(path::ORDERS, id), body).await?;
        let mut lines = Lines::of(&self.link, response);
        loop {
            match lines.next().await? {
                // An order is carried out to its end, whether anyone listens or not.
                OrderLine::Event(event) => drop(events.send(event)),
                OrderLine::Report(report) => return Ok(report),
                OrderLine::Error(error) => return Err(error),
            }
        }
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        let about = About { limit: Some(limit), ..About::environment(key) };
        self.link.get(&format!("{}?{}", path::DEPLOYMENTS, about.query())).await
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        self.link.get(&format!("{}?{}", path::SERVICES, About::environment(key).query())).await
    }

    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError> {
        let asked = RenewCertificates { key: key.clone(), force, by: by.clone() };
        self.link.ask(Method::POST, path::RENEW_CERTIFICATES, &asked).await
    }

    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
        self.link.ask(Method::POST, path::BACKUPS, &query).await
    }

    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError> {
        self.link.ask(Method::POST, path::COPIES, &query).await
    }

    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
        self.link.ask(Method::POST, path::SCHEMAS, &query).await
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
        self.link.ask(Method::POST, path::APPROVALS, &query).await
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        let path = format!("{}?{}", path::LOGS, About::from(query).query());
        let mut told = Lines::of(&self.link, self.link.send(Method::GET, &path, nothing()).await?);
        loop {
            let line = tokio::select! {
                line = told.next() => line?,
                () = lines.closed() => return Ok(()),
            };
            match line {
                LogsLine::Line(line) => drop(lines.send(line).await),
                LogsLine::End => return Ok(()),
                LogsLine::Error(error) => return Err(error),
            }
        }
    }

    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError> {
        self.link.ask(Method::POST, &of_deployment(path::RUN_LOG, id), &RunLog { key: key.clone(), keep }).await
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError> {
        self.link.ask(Method::POST, path::AUDIT, &query).await
    }

    async fn note(&self, deed: Deed) -> Result<(), HostError> {
        self.link.ask(Method::POST, path::NOTE, &deed).await
    }

    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError> {
        self.link.ask(Method::POST, path::UPGRADE, &Upgrade { by: by.clone() }).await
    }

    async fn stop(&self, everything: bool, by: &Actor) -> Result<(), HostError> {
        self.link.ask(Method::POST, path::STOP, &Stop { everything, by: Some(by.clone()) }).await
    }
}

fn of_deployment(path: &str, id: &DeploymentId) -> String {
    path.replace("{id}", id.as_str())
}
