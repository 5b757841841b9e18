//! Brings a copy of a backup back to its host.

use plimsoll_model::{BackupId, ComponentName, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::{BackupView, Context, OpError, Progress};

/// Which.
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

/// What the hosts have now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The backups that are called so.
    pub backups: Vec<BackupView>,
}

/// Has the host of each database fetch it, and open it with a key that is found with one of the caller's: those stay where they are. One that is
/// there is left as it is.
///
/// # Errors
/// There is neither a backup nor a copy of that name, none of the caller's keys opens the copy, it is damaged, or a place cannot be reached.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach_anew(context, progress, &input.environment, input.database.as_ref()).await?;
    let found = backups.found(&input.id).await?;
    Ok(Output { key: backups.key, backups: found })
}
