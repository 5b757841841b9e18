//! Deletes the backups of an environment that nothing keeps.

use plimsoll_api::BackupWork;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::{BackupView, Context, OpError, Progress};

/// Of what, and how many stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
    /// How many of each database are kept; as many as the manifest says when absent. The last verified one always is.
    #[serde(default)]
    pub keep: Option<u32>,
}

/// What is left.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The backups.
    pub backups: Vec<BackupView>,
}

/// Deletes them.
///
/// # Errors
/// A host cannot be reached, or something cannot be deleted.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, input.database.as_ref()).await?;
    let work = BackupWork::Prune { keep: input.keep.unwrap_or(backups.keep) };
    let left = backups.each(&work, "deleting old backups").await?;
    Ok(Output { key: backups.key, backups: left })
}
