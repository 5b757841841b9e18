//! Backs the databases of an environment up as they are.

use plimsoll_api::BackupWork;
use plimsoll_model::{BackupId, ComponentName, Digest, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::{self, Backups};
use crate::{BackupView, Context, OpError, Progress, hosts};

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

/// Takes a backup of each, verifies it, deletes those that nothing keeps, and has it copied where copies are wanted. A call with a name takes those
/// that were not taken for it yet: called so again when it succeeded, it takes none and answers the same.
///
/// # Errors
/// A host cannot be reached, a database cannot be backed up, what was backed up is not what comes back, or it cannot be copied to where copies are
/// wanted: then it is there all the same.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, input.database.as_ref()).await?;
    let call = context.idempotency_key.as_ref().map(|name| Digest::of_value(&(&backups.key, name)));
    let taken = take(&backups, call.as_ref()).await?;
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

/// One of each database: that which was taken for this call before, or a new one.
async fn take(backups: &Backups<'_>, call: Option<&Digest>) -> Result<Vec<BackupView>, OpError> {
    let mut taken = match call {
        Some(call) => backups.list().await?.into_iter().filter(|view| view.counts && view.backup.id.is_for(call)).collect(),
        None => Vec::new(),
    };
    let id = match (taken.first(), call) {
        (Some(before), _) => before.backup.id.clone(),
        (None, Some(call)) => BackupId::stamped_for(hosts::now(), call),
        (None, None) => backups.new_id(),
    };
    let work = BackupWork::Create { id, keep: backups.keep };
    for database in backups.databases() {
        if !taken.iter().any(|view| view.backup.database == *database) {
            taken.extend(backups.one(database, &work, "taking a backup and verifying it").await?);
        }
    }
    Ok(taken)
}

fn is_of(taken: &[BackupView], view: &BackupView) -> bool {
    taken.iter().any(|taken| (&taken.backup.id, &taken.backup.database) == (&view.backup.id, &view.backup.database))
}

/// It is there, on its host alone.
fn uncopied(taken: &[BackupView], error: OpError) -> OpError {
    let id = taken.first().map(|view| view.backup.id.to_string()).unwrap_or_default();
    OpError { message: format!("backup {id} was taken and verified, and is on its host alone: {}", error.message), ..error }
}
