//! Tells all that is on record of one deployment.

use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::{DeploymentRecord, Failure, Holder, Stage};
use plimsoll_model::plan::Desired;
use plimsoll_model::source::Source;
use plimsoll_model::time::Moment;
use serde::{Deserialize, Serialize};

use crate::{Context, Exit, OpError, Progress, RecordView, hosts, project};

/// How far back a deployment is looked for.
const HISTORY: u32 = 1_000;

/// Which deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The deployment's name, or as much of its beginning as tells it from others.
    pub id: String,
}

/// A deployment in full.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The deployment.
    pub deployment: Full,
}

/// All that is on record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Full {
    /// What the history tells too.
    #[serde(flatten)]
    pub record: RecordView,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How far it is.
    pub stage: Stage,
    /// Who ran it, in full.
    pub holder: Holder,
    /// What it was made from, in full.
    pub source: Source,
    /// Commit steps that did not work.
    pub leftovers: Vec<Failure>,
    /// The state that it was to reach.
    pub desired: Desired,
}

/// Asks the home host.
///
/// # Errors
/// No deployment, or more than one, is called so; the manifest is not right, or the host cannot be reached.
pub async fn run(context: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let records = match hosts::connect_existing(context, &loaded.project).await? {
        Some(fleet) => fleet.home().history(&loaded.key(), HISTORY).await?,
        None => Vec::new(),
    };
    let called: Vec<DeploymentRecord> = records.into_iter().filter(|record| record.id.as_str().starts_with(&input.id)).collect();
    match <[DeploymentRecord; 1]>::try_from(called) {
        Ok([record]) => Ok(Output { deployment: record.into() }),
        Err(called) => Err(not_one(&input, called.len())),
    }
}

fn not_one(input: &Input, called: usize) -> OpError {
    let help = format!("see what there is: plimsoll history {}", input.environment);
    let (code, message) = match called {
        0 => ("unknown-deployment", format!("environment {} has no deployment {:?}", input.environment, input.id)),
        count => ("ambiguous-deployment", format!("{count} deployments of environment {} begin with {:?}", input.environment, input.id)),
    };
    OpError::new(Exit::Usage, code, message).with_help(help)
}

impl From<DeploymentRecord> for Full {
    fn from(record: DeploymentRecord) -> Self {
        Self {
            record: RecordView::from(&record),
            ended_at: record.ended_at,
            stage: record.stage,
            holder: record.holder,
            source: record.source,
            leftovers: record.leftovers,
            desired: record.desired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_means_no_deployment_or_several_is_refused() {
        let input = Input { environment: "local".parse().unwrap(), id: "2026".into() };
        for (called, code, words) in [(0, "unknown-deployment", "has no deployment \"2026\""), (3, "ambiguous-deployment", "3 deployments")] {
            let error = not_one(&input, called);
            assert_eq!((error.code.as_str(), error.exit), (code, Exit::Usage));
            assert!(error.message.contains(words) && error.help.unwrap().ends_with("plimsoll history local"), "{}", error.message);
        }
    }
}
