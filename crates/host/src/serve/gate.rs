//! What other users of the machine may ask of its daemon: a project belongs to the login that deployed it first, and to nobody else.
//!
//! Whoever may deploy a project may run any program with its secrets, so logins that share a daemon are kept apart here. Root, and the user that
//! the daemon runs as, may do everything.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use plimsoll_api::{
    ApprovalQuery, AuditPage, AuditQuery, BackupQuery, CopyAnswer, CopyQuery, Enrolled, Events, Facts, HostApi, HostError, LogLine, LogQuery, Look,
    Open, Opened, Order, Report, SchemaQuery, SecretDigests, SecretValues, Service, Upgraded,
};
use plimsoll_model::approval::Asked;
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::{DeploymentRecord, Failure};
use plimsoll_model::plan::Observed;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, ProjectName};
use tokio::sync::mpsc;

use super::Intake;

/// Whose the projects are: for each a file with numbers of users, one a line. Root may add others to it.
#[derive(Debug)]
pub struct Owners {
    folder: PathBuf,
    /// Held by who takes a project.
    taking: Mutex<()>,
}

/// A daemon as one user of the machine may use it.
pub(super) struct Gate {
    pub(super) inner: Arc<dyn HostApi>,
    pub(super) intake: Arc<dyn Intake>,
    pub(super) owners: Arc<Owners>,
    pub(super) user: u32,
}

impl Owners {
    /// Kept in this folder, which is made when it is needed.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, taking: Mutex::default() }
    }

    /// Whose a project is; none when nobody has deployed it.
    fn of(&self, project: &ProjectName) -> io::Result<Option<BTreeSet<u32>>> {
        match std::fs::read_to_string(self.folder.join(project.as_str())) {
            Ok(text) => Ok(Some(text.lines().filter_map(|line| line.trim().parse().ok()).collect())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether `user` may deal with a project. Nobody's project is everybody's to look at.
    fn lets(&self, user: u32, project: &ProjectName) -> Result<(), HostError> {
        match self.of(project).map_err(|error| unusable(&error))? {
            Some(owners) if !owners.contains(&user) => Err(self.refusal(project)),
            _ => Ok(()),
        }
    }

    /// Makes a project that is nobody's the user's own.
    fn take(&self, user: u32, project: &ProjectName) -> Result<(), HostError> {
        let _one = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        if self.of(project).map_err(|error| unusable(&error))?.is_some() {
            return self.lets(user, project);
        }
        let written = std::fs::create_dir_all(&self.folder)
            .and_then(|()| plimsoll_durable::replace(&self.folder.join(project.as_str()), format!("{user}\n").as_bytes()));
        written.map_err(|error| unusable(&error))
    }

    fn refusal(&self, project: &ProjectName) -> HostError {
        let help = format!(
            "use the login that deploys it, or choose another name; root lets others in by their numbers in {}",
            self.folder.join(project.as_str()).display()
        );
        HostError::Refused(Failure::new("not-yours", format!("the project {project} belongs to another login on this host")).with_help(help))
    }
}

impl Gate {
    fn lets(&self, key: &EnvironmentKey) -> Result<(), HostError> {
        self.owners.lets(self.user, &key.project)
    }

    async fn lets_deployment(&self, id: &DeploymentId) -> Result<(), HostError> {
        match self.intake.environment(id).await {
            Some(key) => self.lets(&key),
            // There is none, and it will be told so.
            None => Ok(()),
        }
    }
}

#[async_trait]
impl HostApi for Gate {
    async fn facts(&self) -> Result<Facts, HostError> {
        self.inner.facts().await
    }

    async fn observe(&self, look: Look) -> Result<Observed, HostError> {
        self.lets(&look.key)?;
        self.inner.observe(look).await
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        self.lets(key)?;
        self.inner.digest_secrets(key, values).await
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        self.inner.offer(release).await
    }

    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        self.inner.upload(files).await
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        self.owners.take(self.user, &open.plan.key.project)?;
        self.inner.open(open).await
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        self.lets_deployment(id).await?;
        self.inner.renew(id).await
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        self.lets_deployment(id).await?;
        self.inner.order(id, order, events).await
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        self.lets(key)?;
        self.inner.history(key, limit).await
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        self.lets(key)?;
        self.inner.services(key).await
    }

    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError> {
        self.lets(key)?;
        self.inner.renew_certificates(key, force, by).await
    }

    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
        self.lets(&query.key)?;
        self.inner.backups(query).await
    }

    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError> {
        self.lets(&query.key)?;
        self.inner.copies(query).await
    }

    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
        self.lets(&query.key)?;
        self.inner.schemas(query).await
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
        self.lets(&query.key)?;
        self.inner.approvals(query).await
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        self.lets(&query.key)?;
        self.inner.logs(query, lines).await
    }

    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError> {
        self.lets(key)?;
        self.inner.run_log(key, id, keep).await
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError> {
        self.inner.audit(query).await
    }

    async fn note(&self, deed: Deed) -> Result<(), HostError> {
        self.inner.note(deed).await
    }

    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError> {
        self.inner.upgrade(by).await
    }

    async fn stop(&self, _: bool, _: &Actor) -> Result<(), HostError> {
        let failure = Failure::new("not-yours", "the daemon of this host serves others too: only root may end it");
        Err(HostError::Refused(failure.with_help("as root: systemctl stop plimsoll.socket plimsoll.service")))
    }
}

fn unusable(error: &io::Error) -> HostError {
    HostError::Internal(Failure::new("owners-unusable", format!("whose the project is cannot be told: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_belongs_to_who_takes_it_first() {
        let folder = tempfile::tempdir().unwrap();
        let owners = Owners::new(folder.path().join("owners"));
        let project = |name: &str| ProjectName::new(name).unwrap();
        let (shop, blog) = (project("shop"), project("blog"));
        assert!(owners.lets(1, &shop).is_ok() && owners.lets(2, &shop).is_ok(), "it is nobody's");
        owners.take(1, &shop).unwrap();
        owners.take(1, &shop).unwrap();
        owners.take(2, &blog).unwrap();
        let check = |user: u32, project: &ProjectName, expect: bool| {
            for told in [owners.lets(user, project), owners.take(user, project)] {
                assert_eq!(told.err().map(|error| error.code().to_owned()).as_deref(), (!expect).then_some("not-yours"), "{user} {project}");
            }
        };
        check(1, &shop, true);
        check(2, &shop, false);
        check(2, &blog, true);
        check(1, &blog, false);
        // Root lets another one in.
        plimsoll_durable::replace(&folder.path().join("owners/shop"), b"1\n2\n").unwrap();
        check(2, &shop, true);
        // One that cannot be read lets nobody in.
        plimsoll_durable::replace(&folder.path().join("owners/blog"), b"nonsense\n").unwrap();
        check(2, &blog, false);
    }
}
