//! Settles a deployment that was cut off.

use plimsoll_model::audit::Action;
use plimsoll_model::deployment::{Failure, Outcome};
use plimsoll_model::{DeploymentId, EnvironmentName};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress, agents, hosts, project, settle};

/// Where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployment that was settled; none when nothing was left undecided.
    pub deployment: Option<Settled>,
}

/// A deployment that was settled.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Settled {
    /// Its name.
    pub id: DeploymentId,
    /// How it ended.
    pub outcome: Outcome,
    /// What is left to do on a host and does no harm.
    pub leftovers: Vec<Failure>,
}

/// Drives every host to what the home host has decided; where it has decided nothing, back.
///
/// # Errors
/// Whoever runs it is still at it, a host cannot be reached, or could not undo everything.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let settled = match hosts::connect_existing(context, &loaded.project).await? {
        Some(fleet) => {
            agents::may_change(context, &fleet, &loaded).await?;
            settle::first(context, &fleet, &loaded.key(), Action::Resume, progress).await?
        }
        None => None,
    };
    Ok(Output { deployment: settled.map(|settled| Settled { id: settled.id, outcome: settled.outcome, leftovers: settled.leftovers }) })
}
