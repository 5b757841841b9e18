//! Puts the data of a backup in the place of what databases have.

use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::restoring::{Restored, Restoring};
use crate::{Approve, Context, OpError, Progress};

/// What to bring back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The backup.
    pub id: BackupId,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
}

/// What was brought back.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// What came of it.
    #[serde(flatten)]
    pub restored: Restored,
}

/// Fetches its copy where the host has it no more, backs up what the databases have, tells what would be lost, and after a yes restores.
///
/// # Errors
/// The backup is none that counts, or of other migrations than the database has; nobody says yes; a deployment is under way; a host cannot be
/// reached, or a database fails.
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let Input { environment, id, database } = input;
    let backups = Backups::reach(context, progress, &environment, database.as_ref()).await?;
    let key = backups.key.clone();
    let wanted = backups.found(&id).await?;
    let restoring = Restoring::weigh(context, backups, wanted, &environment).await?;
    restoring.suits()?;
    if let Some(restored) = restoring.needless() {
        return Ok(Output { key, restored });
    }
    restoring.ask(approve, &format!("plimsoll backup restore {environment} {id}")).await?;
    Ok(Output { key, restored: restoring.put_back().await? })
}
