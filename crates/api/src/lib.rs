//! Everything that can be asked of a host: the trait [`HostApi`] and its types.
//!
//! The host itself, the client that reaches it, and the hosts of the simulated world implement it alike.
//! How requests travel is known to none of the types here but those of [`wire`].

mod approvals;
mod audit;
mod backups;
mod certificates;
mod copies;
mod enrolled;
mod error;
mod logs;
mod order;
mod schemas;
mod secrets;
mod types;
pub mod wire;

use std::path::PathBuf;

use std::collections::BTreeMap;

use async_trait::async_trait;
use plimsoll_model::approval::Asked;
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::Observed;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey};
use tokio::sync::mpsc;

pub use approvals::{ApprovalQuery, ApprovalWork};
pub use audit::{AuditPage, AuditQuery, whole_audit};
pub use backups::{BackupQuery, BackupWork};
pub use certificates::{Certificate, Certificates};
pub use copies::{CopyAnswer, CopyQuery, CopyWork, FileKey};
pub use enrolled::{Enrolled, FailedRenewal};
pub use error::HostError;
pub use logs::{LogLine, LogQuery};
pub use order::{HostEvent, Order, Report, What};
pub use schemas::SchemaQuery;
pub use secrets::SecretValues;
pub use types::{Facts, Look, Open, Opened, Program, Replaced, Service, Upgraded, build_id};

/// Where a host's events go while an order is carried out. A receiver that is gone disturbs nothing.
pub type Events = mpsc::UnboundedSender<HostEvent>;

/// What can be asked of a host. Every call may be repeated: doing it twice has the effect of doing it once.
#[async_trait]
pub trait HostApi: Send + Sync {
    /// What the machine is and what runs there.
    async fn facts(&self) -> Result<Facts, HostError>;

    /// What the host holds for an environment.
    async fn observe(&self, look: Look) -> Result<Observed, HostError>;

    /// Hashes of secret values that tell whether a value changed and nothing else: they are keyed with a key
    /// that belongs to the environment and never leaves its home host.
    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError>;

    /// Tells of a release. Answers which files are missing; when none is, the release is there.
    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError>;

    /// Brings the contents of files, each read from its path here.
    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError>;

    /// Takes the lease and begins a deployment, if the host is in the state that the plan expects.
    /// Repeated with the same id, it answers as the first time.
    async fn open(&self, open: Open) -> Result<Opened, HostError>;

    /// Renews the lease.
    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError>;

    /// Carries out one order of a deployment; events come while it goes on.
    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError>;

    /// The deployments of an environment, the newest first, `limit` at most.
    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError>;

    /// What runs for an environment, as a person would want to know it.
    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError>;

    /// Renews the certificates that authorities issue for what serves: those that are due, or all of them with `force`. Answers how it
    /// stands with each. What cannot be renewed serves on.
    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError>;

    /// Does something with the backups of databases. Answers those that it was about, the oldest first; of work on several databases, what
    /// came of each. Work that was begun goes on when who asked is gone.
    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError>;

    /// Does something with the copies of the backups of a database that lie elsewhere.
    ///
    /// # Errors
    /// They are copied nowhere, the place where they lie cannot be reached or refuses, or what lies there is damaged.
    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError>;

    /// The schemas of databases beside those that their migrations give, which are applied anew to scratch databases for it. Nothing that serves
    /// is changed. Refused while a deployment is under way.
    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError>;

    /// Does something with the plans for an environment that have to be approved. Answers those that it was about, the newest first.
    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError>;

    /// The lines that slots wrote, oldest first; with `follow`, the stream goes on until the receiver is gone.
    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError>;

    /// The log of a deployment's run that was kept until now, as its operator wrote it, secrets taken out. With `keep`, that one is kept from
    /// now on: the end of it where it is long. Of an environment, the newest ones are kept.
    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError>;

    /// Rows of the audit log.
    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError>;

    /// Puts on record what was done or refused before a host was asked for it. Deployments are put on record by the host itself, and
    /// refused here. Said twice, it is on record twice.
    async fn note(&self, deed: Deed) -> Result<(), HostError>;

    /// Replaces what else of Plimsoll runs here and is of another build than the daemon; slots go on. Refused while a deployment is
    /// under way.
    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError>;

    /// Ends the daemon; with `everything` its slots and its proxy too.
    async fn stop(&self, everything: bool, by: &Actor) -> Result<(), HostError>;
}

/// Hashes of secret values, by component and name.
pub type SecretDigests = BTreeMap<ComponentName, BTreeMap<String, Digest>>;
