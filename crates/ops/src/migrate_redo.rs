//! Undoes the last migration of a database and applies it again: for whoever writes one.

use plimsoll_model::{ComponentName, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::migrating::{self, Way, Wish};
use crate::{Approve, Context, DeploymentView, OpError, Progress};

/// What is done again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// Only this database.
    #[serde(default)]
    pub database: Option<ComponentName>,
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How it ended: `committed` or `unchanged`. Another end is an error, with the same `deployment` in its details.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployment.
    pub deployment: DeploymentView,
}

/// Two deployments, one after the other. A migration that was edited meanwhile is undone by the file that it came with, and applied by the new one.
///
/// # Errors
/// As those of [`crate::migrate_down`] and [`crate::migrate_up`].
pub async fn run(context: &Context, input: Input, approve: &dyn Approve, progress: &Progress) -> Result<Output, OpError> {
    let Input { environment, database, reason } = input;
    let wish = |way| Wish { environment: environment.clone(), database: database.clone(), way, expect_plan: None, reason: reason.clone() };
    migrating::run(context, wish(Way::Down(1)), approve, progress).await?;
    Ok(Output { deployment: migrating::run(context, wish(Way::Up), approve, progress).await? })
}
