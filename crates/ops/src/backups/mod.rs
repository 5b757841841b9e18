//! Backups of an environment's databases, wherever they lie: each on the host that its database is looked after from.

mod elsewhere;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::{BackupQuery, BackupWork};
use plimsoll_engine::Fleet;
use plimsoll_model::audit::Actor;
use plimsoll_model::backup::{Backup, Origin};
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::{BackupId, ComponentName, DeploymentId, Digest, EnvironmentKey, EnvironmentName, HostName};
use schemars::JsonSchema;
use serde::Serialize;

use crate::migrating::databases;
use crate::progress::telling;
use crate::project::Loaded;
use crate::{Context, Exit, OpError, Progress, agents, hosts, project};

/// A backup and where it lies.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BackupView {
    /// The host that has it.
    pub host: HostName,
    /// Whether it may be relied on: it was verified, and nothing has been found against it since.
    pub counts: bool,
    /// The backup.
    #[serde(flatten)]
    pub backup: Backup,
}

/// The backups of an environment, with the hosts that have them.
pub(crate) struct Backups<'a> {
    context: &'a Context,
    progress: &'a Progress,
    fleet: Fleet,
    pub(crate) key: EnvironmentKey,
    /// How many of each database are kept.
    pub(crate) keep: u32,
    /// The project, with the databases that it is about and nothing else.
    loaded: Loaded,
}

impl<'a> Backups<'a> {
    /// Reaches the hosts. Only `database` is meant, where that is given.
    pub(crate) async fn reach(
        context: &'a Context,
        progress: &'a Progress,
        environment: &EnvironmentName,
        database: Option<&ComponentName>,
    ) -> Result<Self, OpError> {
        let loaded = databases(project::load(context, environment)?, database)?;
        let fleet = hosts::connect_existing(context, &loaded.project).await?.ok_or_else(|| nothing(&loaded.key()))?;
        Ok(Self::of(context, progress, fleet, loaded))
    }

    /// The same where hosts may be new.
    pub(crate) async fn reach_anew(
        context: &'a Context,
        progress: &'a Progress,
        environment: &EnvironmentName,
        database: Option<&ComponentName>,
    ) -> Result<Self, OpError> {
        let loaded = databases(project::load(context, environment)?, database)?;
        let fleet = hosts::connect(context, &loaded.project).await?;
        Ok(Self::of(context, progress, fleet, loaded))
    }

    fn of(context: &'a Context, progress: &'a Progress, fleet: Fleet, loaded: Loaded) -> Self {
        Self { context, progress, fleet, key: loaded.key(), keep: loaded.project.environment.backups.keep, loaded }
    }

    /// Has hosts do `work` with each database, one after the other. `what` is told of each as it begins.
    pub(crate) async fn each(&self, work: &BackupWork, what: &str) -> Result<Vec<BackupView>, OpError> {
        let mut told = Vec::new();
        for database in self.databases() {
            told.extend(self.one(database, work, what).await?);
        }
        Ok(told)
    }

    /// The databases that are meant.
    pub(crate) fn databases(&self) -> impl Iterator<Item = &ComponentName> {
        self.loaded.project.components.keys()
    }

    /// Has hosts do `work` with one database.
    pub(crate) async fn one(&self, database: &ComponentName, work: &BackupWork, what: &str) -> Result<Vec<BackupView>, OpError> {
        if !work.only_looks() {
            agents::may_change(self.context, &self.fleet, &self.loaded).await?;
        }
        let query =
            BackupQuery { key: self.key.clone(), database: Some(database.clone()), work: work.clone(), by: Actor::from(&self.context.holder) };
        let asked = self.fleet.all(|_, host| host.backups(query.clone()));
        let each = if work.only_looks() { asked.await } else { telling(self.progress, &format!("{database}: {what}"), asked).await };
        let mut told = Vec::new();
        for (host, backups) in each {
            let view = |backup: Backup| BackupView { host: host.clone(), counts: backup.counts(), backup };
            told.extend(backups?.into_iter().map(view));
        }
        let needs_one = matches!(work, BackupWork::Verify { .. } | BackupWork::Restore { .. });
        if told.is_empty() && needs_one { Err(nothing(&self.key)) } else { Ok(told) }
    }

    /// The deployments that the home host has on record, the newest first.
    pub(crate) async fn history(&self) -> Result<Vec<DeploymentRecord>, OpError> {
        Ok(self.fleet.home().history(&self.key, u32::MAX).await?)
    }

    /// What there is, the oldest first.
    pub(crate) async fn list(&self) -> Result<Vec<BackupView>, OpError> {
        self.each(&BackupWork::List, "").await
    }

    /// A name for those that are taken now.
    pub(crate) fn new_id(&self) -> BackupId {
        BackupId::stamped(hosts::now(), &Digest::of_value(&(&self.key, &self.context.holder)))
    }
}

/// That nothing was deployed whose databases could be backed up.
pub(crate) fn nothing(key: &EnvironmentKey) -> OpError {
    let message = format!("no database of {key} is deployed");
    OpError::new(Exit::Failed, "nothing-deployed", message).with_help(format!("plimsoll deploy {}", key.environment))
}

/// That there is no backup.
pub(crate) fn nothing_taken(key: &EnvironmentKey) -> OpError {
    let message = format!("{key} has no backup");
    OpError::new(Exit::Failed, "no-backup", message).with_help(format!("plimsoll backup create {}", key.environment))
}

/// The backups that are called so.
pub(crate) fn chosen(all: Vec<BackupView>, id: &BackupId, key: &EnvironmentKey) -> Result<Vec<BackupView>, OpError> {
    let found: Vec<BackupView> = all.into_iter().filter(|view| view.backup.id == *id).collect();
    let missing = || {
        let help = format!("plimsoll backup list {} tells what there is", key.environment);
        OpError::new(Exit::Usage, "unknown-backup", format!("{key} has no backup {id}")).with_help(help)
    };
    if found.is_empty() { Err(missing()) } else { Ok(found) }
}

/// The newest of each database that counts and was taken while one of these deployments served.
pub(crate) fn newest_of(all: Vec<BackupView>, deployments: &BTreeSet<DeploymentId>, key: &EnvironmentKey) -> Result<Vec<BackupView>, OpError> {
    let of_then = |view: &BackupView| view.origin().is_some_and(|origin| origin.deployment.as_ref().is_some_and(|id| deployments.contains(id)));
    let newest: BTreeMap<ComponentName, BackupView> =
        all.into_iter().filter(|view| view.counts && of_then(view)).map(|view| (view.backup.database.clone(), view)).collect();
    let missing = || {
        let message = format!("no backup of {key} that counts was taken while that served");
        OpError::new(Exit::Failed, "no-backup", message).with_help(format!("plimsoll backup list {} tells what there is", key.environment))
    };
    if newest.is_empty() { Err(missing()) } else { Ok(newest.into_values().collect()) }
}

impl BackupView {
    /// What served when it was taken.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.backup.content.as_ref()?.origin.as_ref()
    }
}
