//! Backs the databases of an environment up as they are.

use plimsoll_api::BackupWork;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
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
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The backups.
    pub backups: Vec<BackupView>,
}

/// Takes a backup of each, verifies it, deletes those that nothing keeps, and has it copied where copies are wanted.
///
/// # Errors
/// A host cannot be reached, a database cannot be backed up, what was backed up is not what comes back, or it cannot be copied to where copies are
/// wanted: then it is there all the same.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, input.database.as_ref()).await?;
    let work = BackupWork::Create { id: backups.new_id(), keep: backups.keep };
    let taken = backups.each(&work, "taking a backup and verifying it").await?;
    if taken.is_empty() {
        return Err(backups::nothing(&backups.key));
    }
    if backups.copied().is_err() {
        return Ok(Output { key: backups.key, backups: taken });
    }
    // The host may be faster, and then there is nothing left to do.
    backups.copy().await.map_err(|error| uncopied(&taken, error))?;
    let now = backups.list().await?.into_iter().filter(|view| is_of(&taken, view)).collect();
    Ok(Output { key: backups.key, backups: now })
}

fn is_of(taken: &[BackupView], view: &BackupView) -> bool {
    taken.iter().any(|taken| (&taken.backup.id, &taken.backup.database) == (&view.backup.id, &view.backup.database))
}

/// It is there, on its host alone.
fn uncopied(taken: &[BackupView], error: OpError) -> OpError {
    let id = taken.first().map(|view| view.backup.id.to_string()).unwrap_or_default();
    OpError { message: format!("backup {id} was taken and verified, and is on its host alone: {}", error.message), ..error }
}
