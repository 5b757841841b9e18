//! Says what `deploy` would do, and does nothing.

use plimsoll_model::EnvironmentName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::proposal::{CutOff, to_deploy};
use crate::workbench::until_cancelled;
use crate::{Context, Event, OpError, PlanView, Progress, SecretView, Wanted, project, settle};

/// What is to be planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where to.
    pub environment: EnvironmentName,
    /// What from.
    #[serde(default)]
    pub source: Wanted,
}

/// The plan.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// What would be done. Its hash, given to `deploy`, makes sure that just this is.
    pub plan: PlanView,
    /// The secrets that components would get, and where their values come from.
    pub secrets: Vec<SecretView>,
}

/// Makes the plan that `deploy` would carry out.
///
/// # Errors
/// There is no such plan: the manifest or the source is not right, or the hosts cannot be reached or do not have room for it.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let planned = to_deploy(context, &loaded, &input.source, CutOff::Leave, progress);
    let (groundwork, proposal) = until_cancelled(context, planned).await?;
    if let Some(open) = settle::open(&proposal.seen) {
        let message = format!("deployment {} of {} is not settled: the plan may change when it is", open.id, open.holder);
        drop(progress.send(Event::Notice { message }));
    }
    Ok(Output { plan: proposal.view(), secrets: groundwork.secrets.views })
}
