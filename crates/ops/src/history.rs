//! Tells what was deployed to an environment, the newest first.

use plimsoll_model::EnvironmentName;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, RecordView, hosts, project};

/// How far back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// So many at most.
    pub limit: u32,
}

/// What was deployed.
#[derive(Debug, Clone, PartialEq, Serialize)]
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
    let records = match hosts::connect_existing(context, &loaded.project).await? {
        Some(fleet) => fleet.home().history(&loaded.key(), input.limit).await?,
        None => Vec::new(),
    };
    Ok(Output { deployments: records.iter().map(RecordView::from).collect() })
}
