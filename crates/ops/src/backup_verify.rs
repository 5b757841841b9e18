//! Verifies backups: restores them into scratch databases, and compares every table.

use plimsoll_api::BackupWork;
use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::{self, Backups};
use crate::{BackupView, Context, OpError, Progress};

/// Which ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
    /// The backup; the newest one of each database when absent.
    #[serde(default)]
    pub id: Option<BackupId>,
    /// All of them.
    #[serde(default)]
    pub all: bool,
}

/// What was verified.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The backups.
    pub backups: Vec<BackupView>,
}

/// Verifies them, one after the other.
///
/// # Errors
/// A host cannot be reached, there is no such backup, or one of them does not bring back what was there: the others are verified all the same.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, input.database.as_ref()).await?;
    let (mut verified, mut first) = (Vec::new(), None);
    for view in meant(backups.list().await?, &input, &backups.key)? {
        let (database, id) = (view.backup.database, view.backup.id);
        match backups.one(&database, &BackupWork::Verify { id: id.clone() }, &format!("verifying {id}")).await {
            Ok(views) => verified.extend(views),
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    first.map_or(Ok(Output { key: backups.key, backups: verified }), Err)
}

fn meant(all: Vec<BackupView>, input: &Input, key: &EnvironmentKey) -> Result<Vec<BackupView>, OpError> {
    if let Some(id) = &input.id {
        return backups::chosen(all, id, key);
    }
    if all.is_empty() {
        return Err(backups::nothing_taken(key));
    }
    if input.all {
        return Ok(all);
    }
    let newest = |view: &BackupView| all.iter().all(|other| other.backup.database != view.backup.database || other.backup.id <= view.backup.id);
    Ok(all.iter().filter(|view| newest(view)).cloned().collect())
}
