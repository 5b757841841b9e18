//! Snapshots: the data of an environment together with what served when it was taken.
//!
//! A host keeps releases, configurations and values of secrets for as long as a rollback may want them, and each backup knows what served. So all
//! backups of one name are a snapshot, whoever took them: a person, the host by itself, or a deployment before it migrated.

use std::collections::BTreeMap;

use plimsoll_model::time::Moment;
use plimsoll_model::{BackupId, ComponentName, ConfigHash, DeploymentId, EnvironmentKey, ReleaseId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{BackupView, Exit, OpError};

/// The data of an environment, and what served with it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Snapshot {
    /// Its name: that of its backups.
    pub id: BackupId,
    /// When it was taken.
    pub at: Option<Moment>,
    /// Whether it can be relied on: each of its backups was verified.
    pub counts: bool,
    /// The deployment that served.
    pub deployment: Option<DeploymentId>,
    /// The version of its source.
    pub version: Option<String>,
    /// The commit that it was made from.
    pub commit: Option<String>,
    /// The release of each component.
    pub releases: BTreeMap<ComponentName, ReleaseId>,
    /// How each was configured; its secrets are part of that by hash.
    pub configs: BTreeMap<ComponentName, ConfigHash>,
    /// The data, by database.
    pub backups: Vec<BackupView>,
}

/// All that there are, the oldest first.
pub(crate) fn all(backups: Vec<BackupView>) -> Vec<Snapshot> {
    let mut by_id: BTreeMap<BackupId, Vec<BackupView>> = BTreeMap::new();
    for view in backups {
        by_id.entry(view.backup.id.clone()).or_default().push(view);
    }
    by_id.into_iter().map(|(id, backups)| of(id, backups)).collect()
}

fn of(id: BackupId, backups: Vec<BackupView>) -> Snapshot {
    let origin = backups.iter().find_map(BackupView::origin).cloned();
    let at = backups.iter().filter_map(|view| Some(view.backup.content.as_ref()?.at)).min();
    let counts = backups.iter().all(|view| view.counts);
    let (deployment, version, commit) = origin.clone().map_or((None, None, None), |origin| (origin.deployment, origin.version, origin.commit));
    let (releases, configs) = origin.map(|origin| (origin.releases, origin.configs)).unwrap_or_default();
    Snapshot { id, at, counts, deployment, version, commit, releases, configs, backups }
}

/// The one that is called so.
pub(crate) fn named(backups: Vec<BackupView>, id: &BackupId, key: &EnvironmentKey) -> Result<Snapshot, OpError> {
    let missing = || {
        let help = format!("plimsoll snapshot list {} tells what there is", key.environment);
        OpError::new(Exit::Usage, "unknown-snapshot", format!("{key} has no snapshot {id}")).with_help(help)
    };
    all(backups).into_iter().find(|snapshot| snapshot.id == *id).ok_or_else(missing)
}
