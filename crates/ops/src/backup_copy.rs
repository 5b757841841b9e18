//! Copies backups now that were not copied yet.

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

/// What was copied now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The copies.
    pub copies: Vec<BackupCopy>,
}

/// Has the host of each database copy what counts and was not copied, and delete in that place what nothing keeps. Hosts do so by themselves: this
/// is for who does not want to wait, after the place could not be reached.
///
/// # Errors
/// Backups are copied nowhere, a host cannot be reached, or the place where copies lie cannot be, refuses, or is full.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, input.database.as_ref()).await?;
    backups.copied()?;
    let copies = backups.copy().await?;
    Ok(Output { key: backups.key, copies })
}
