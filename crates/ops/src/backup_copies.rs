//! Tells which copies of backups there are in the place where they are copied to.

use plimsoll_model::copy::BackupCopy;
use plimsoll_model::{ComponentName, EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::{Context, OpError, Progress};

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
}

/// What there is, the oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The copies.
    pub copies: Vec<BackupCopy>,
}

/// Asks the host of each database, which asks that place. A host to which nothing was deployed yet is told where it is.
///
/// # Errors
/// Backups are copied nowhere, a host cannot be reached, or the place where copies lie cannot be, or refuses.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach_anew(context, progress, &input.environment, input.database.as_ref()).await?;
    let copies = backups.copies().await?;
    Ok(Output { key: backups.key, copies })
}
