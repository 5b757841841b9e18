//! Tells what was deployed to an environment, the newest first.

use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::{DeploymentRecord, stable_before};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, RecordView, hosts, project, rollback};

/// How far back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// So many at most.
    pub limit: u32,
    /// Only the one that a rollback would return to: the newest good one before what serves.
    #[serde(default)]
    pub stable: bool,
}

/// What was deployed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployments, the newest first.
    pub deployments: Vec<RecordView>,
}

/// Asks the home host.
///
/// # Errors
/// The manifest is not right, or the host cannot be reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let Some(fleet) = hosts::connect_existing(context, &loaded.project).await? else { return Ok(Output { deployments: Vec::new() }) };
    let limit = if input.stable { rollback::HISTORY } else { input.limit };
    let records = fleet.home().history(&loaded.key(), limit).await?;
    let deployments = if input.stable { stable_before(&records).ok().map(RecordView::from).into_iter().collect() } else { views(&records) };
    Ok(Output { deployments })
}

fn views(records: &[DeploymentRecord]) -> Vec<RecordView> {
    records.iter().map(RecordView::from).collect()
}
