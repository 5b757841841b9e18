//! The ledger in a SQLite database.
//!
//! There is one connection, so transactions follow each other in the order in which they were asked for. A write
//! is on the disk when it returns: WAL with `synchronous=FULL`. What an event means is not judged here.

mod approvals;
mod audit;
mod changes;
mod components;
mod deployments;
mod fault;
mod journal;
mod record;
mod schema;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_api::{AuditPage, AuditQuery};
use plimsoll_model::approval::{Approval, Asked};
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::deployment::{DeploymentRecord, Event};
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, PlanHash};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, SqlitePool, Transaction};

use self::fault::Fault;
use super::{Build, Change, ComponentRow, Ledger, StepTimes, Stored};
use crate::trouble::Trouble;

/// How long to wait for a process that looks into the ledger at the same time.
const BUSY: Duration = Duration::from_secs(5);

/// The version of the JSON in rows that say which they have.
const FORM: u32 = 1;

/// A ledger in a SQLite file.
pub struct SqliteLedger {
    pool: SqlitePool,
    path: PathBuf,
}

impl SqliteLedger {
    /// Opens the ledger at `path`, and makes it when there is none: for its owner alone.
    ///
    /// # Errors
    /// `state-newer` when a later version wrote it, `ledger-damaged` when it is no ledger, `ledger-write` when it cannot be used.
    pub async fn open(path: &Path) -> Result<Self, Trouble> {
        Self::connect(path).await.map_err(|fault| fault.into_trouble(path))
    }

    /// Lets go of the file, with all that it holds in the one file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    async fn connect(path: &Path) -> Result<Self, Fault> {
        keep_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        // Neither a time limit nor a test of the connection: an idle ledger does nothing at all.
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).test_before_acquire(false);
        let pool = pool.connect_with(options).await?;
        schema::bring_up(&pool).await?;
        Ok(Self { pool, path: path.to_owned() })
    }

    /// A transaction that writes: it claims the right to at once, so that it cannot find it taken later.
    async fn writing(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// For a single statement.
    async fn asking(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        Ok(self.pool.acquire().await?)
    }

    /// A transaction that reads, so that all it reads is of one moment.
    async fn reading(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        Ok(self.pool.begin().await?)
    }

    fn told<T>(&self, done: Result<T, Fault>) -> Result<T, Trouble> {
        done.map_err(|fault| fault.into_trouble(&self.path))
    }
}

/// SQLite gives the files that it makes beside the ledger the ledger's mode.
fn keep_private(path: &Path) -> Result<(), Fault> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(sqlx::Error::Io)?;
    file.set_permissions(PermissionsExt::from_mode(0o600)).map_err(sqlx::Error::Io)?;
    Ok(())
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn begin(&self, stored: &Stored) -> Result<(), Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            deployments::begin(&mut tx, stored).await?;
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }

    async fn append(&self, id: &DeploymentId, at: Moment, event: &Event, changes: &[Change]) -> Result<(), Trouble> {
        let work = async {
            if changes.is_empty() && !record::shows(event) {
                // A statement by itself is a transaction.
                return journal::append(&mut *self.asking().await?, id, at, event).await;
            }
            let mut tx = self.writing().await?;
            journal::append(&mut tx, id, at, event).await?;
            deployments::follow(&mut tx, id, at, event).await?;
            for change in changes {
                changes::apply(&mut tx, at, change).await?;
            }
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }

    async fn renew(&self, id: &DeploymentId, until: Moment) -> Result<(), Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            deployments::renew(&mut tx, id, until).await?;
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }

    async fn deployment(&self, id: &DeploymentId) -> Result<Option<Stored>, Trouble> {
        let work = async { deployments::find(&mut *self.reading().await?, id).await };
        self.told(work.await)
    }

    async fn unsettled(&self) -> Result<Vec<Stored>, Trouble> {
        let work = async { deployments::unsettled(&mut *self.reading().await?).await };
        self.told(work.await)
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, Trouble> {
        let work = async { deployments::history(&mut *self.asking().await?, key, limit).await };
        self.told(work.await)
    }

    async fn committed(&self, key: &EnvironmentKey) -> Result<Option<DeploymentRecord>, Trouble> {
        let work = async { deployments::committed(&mut *self.asking().await?, key).await };
        self.told(work.await)
    }

    async fn ask(&self, asked: &Asked) -> Result<(), Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            approvals::ask(&mut tx, asked).await?;
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }

    async fn asked(&self, key: &EnvironmentKey) -> Result<Vec<Asked>, Trouble> {
        let work = async { approvals::asked(&mut *self.asking().await?, key).await };
        self.told(work.await)
    }

    async fn approve(&self, at: Moment, approval: &Approval, deed: &Deed) -> Result<(), Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            approvals::approve(&mut tx, at, approval).await?;
            audit::tell(&mut tx, at, deed).await?;
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }

    async fn approvals(&self, key: &EnvironmentKey, plan: PlanHash) -> Result<Vec<Approval>, Trouble> {
        let work = async { approvals::approvals(&mut *self.asking().await?, key, plan).await };
        self.told(work.await)
    }

    async fn components(&self, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, ComponentRow>, Trouble> {
        let work = async { components::read(&mut *self.asking().await?, key).await };
        self.told(work.await)
    }

    async fn environments(&self) -> Result<Vec<EnvironmentKey>, Trouble> {
        let work = async { components::environments(&mut *self.asking().await?).await };
        self.told(work.await)
    }

    async fn secret_key(&self, key: &EnvironmentKey) -> Result<[u8; 32], Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            let secret = components::secret_key(&mut tx, key).await?;
            tx.commit().await?;
            Ok(secret)
        };
        self.told(work.await)
    }

    async fn durations(&self, key: &EnvironmentKey) -> Result<BTreeMap<ComponentName, u64>, Trouble> {
        let work = async { journal::of_last_committed(&mut *self.asking().await?, key).await };
        Ok(super::medians(&self.told(work.await)?))
    }

    async fn step_times(&self, key: &EnvironmentKey) -> Result<StepTimes, Trouble> {
        let work = async { deployments::last_committed(&mut *self.asking().await?, key).await };
        Ok(super::step_medians(&self.told(work.await)?))
    }

    async fn tell(&self, at: Moment, deed: &Deed) -> Result<(), Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            audit::tell(&mut tx, at, deed).await?;
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }

    async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, Trouble> {
        let work = async { audit::page(&mut *self.reading().await?, query).await };
        self.told(work.await)
    }

    async fn prune_audit(&self, at: Moment, keep_from: Moment, by: &Actor) -> Result<(), Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            audit::prune(&mut tx, at, keep_from, by).await?;
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }

    async fn builds(&self) -> Result<Vec<Build>, Trouble> {
        let work = async { audit::builds(&mut *self.reading().await?).await };
        self.told(work.await)
    }

    async fn take_over(&self, at: Moment, build: &Build, by: &Actor) -> Result<(), Trouble> {
        let work = async {
            let mut tx = self.writing().await?;
            audit::take_over(&mut tx, at, build, by).await?;
            Ok(tx.commit().await?)
        };
        self.told(work.await)
    }
}
