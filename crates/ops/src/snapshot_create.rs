//! Takes a snapshot: the data of an environment as it is, together with what serves.

use plimsoll_model::{EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::snapshots::{self, Snapshot};
use crate::{Context, OpError, Progress, backup_create, backups};

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// What was taken, and verified.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    let input = backup_create::Input { environment: input.environment, database: None };
    let backup_create::Output { key, backups } = backup_create::run(context, input, progress).await?;
    let snapshot = snapshots::all(backups).pop().ok_or_else(|| backups::nothing(&key))?;
    Ok(Output { key, snapshot })
}
