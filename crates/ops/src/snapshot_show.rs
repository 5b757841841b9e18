//! Tells all that is known of a snapshot.

use plimsoll_model::{BackupId, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::snapshots::{self, Snapshot};
use crate::{Context, OpError, Progress};

/// Which one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The snapshot.
    pub id: BackupId,
}

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// It.
    pub snapshot: Snapshot,
}

/// Asks the hosts.
///
/// # Errors
/// A host cannot be reached, or there is no such snapshot.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, None).await?;
    let snapshot = snapshots::named(backups.list().await?, &input.id, &backups.key)?;
    Ok(Output { key: backups.key, snapshot })
}
