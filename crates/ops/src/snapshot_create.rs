//! Takes a snapshot: the data of an environment as it is, together with what serves.

use plimsoll_api::BackupWork;
use plimsoll_model::{EnvironmentKey, EnvironmentName};
use serde::{Deserialize, Serialize};

use crate::backups::{self, Backups};
use crate::snapshots::{self, Snapshot};
use crate::{Context, OpError, Progress};

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// What was taken, and verified.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// It.
    pub snapshot: Snapshot,
}

/// Takes a backup of each database, and verifies it.
///
/// # Errors
/// As those of [`crate::backup_create`].
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, None).await?;
    let id = backups.new_id();
    let taken = backups.each(&BackupWork::Create { id: id.clone(), keep: backups.keep }, "taking a backup and verifying it").await?;
    if taken.is_empty() {
        return Err(backups::nothing(&backups.key));
    }
    let snapshot = snapshots::named(taken, &id, &backups.key)?;
    Ok(Output { key: backups.key, snapshot })
}
