//! Backs the databases of an environment up as they are.

use plimsoll_api::BackupWork;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName};
use serde::{Deserialize, Serialize};

use crate::backups::{self, Backups};
use crate::{BackupView, Context, OpError, Progress};

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
}

/// What was taken, and verified.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The backups.
    pub backups: Vec<BackupView>,
}

/// Takes a backup of each, verifies it, and deletes those that nothing keeps.
///
/// # Errors
/// A host cannot be reached, a database cannot be backed up, or what was backed up is not what comes back.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, input.database.as_ref()).await?;
    let work = BackupWork::Create { id: backups.new_id(), keep: backups.keep };
    let taken = backups.each(&work, "taking a backup and verifying it").await?;
    if taken.is_empty() { Err(backups::nothing(&backups.key)) } else { Ok(Output { key: backups.key, backups: taken }) }
}
