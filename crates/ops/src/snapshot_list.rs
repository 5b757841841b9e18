//! Tells which snapshots an environment has.

use plimsoll_model::{EnvironmentKey, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backups::Backups;
use crate::snapshots::{self, Snapshot};
use crate::{Context, OpError, Progress};

/// Of what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// Its snapshots, the oldest first.
    pub snapshots: Vec<Snapshot>,
}

/// Asks the hosts.
///
/// # Errors
/// A host cannot be reached.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let backups = Backups::reach(context, progress, &input.environment, None).await?;
    let snapshots = snapshots::all(backups.list().await?);
    Ok(Output { key: backups.key, snapshots })
}
