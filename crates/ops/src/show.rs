//! Tells all that is on record of one deployment.

use plimsoll_model::EnvironmentName;
use plimsoll_model::deployment::{DeploymentRecord, Failure, Holder, Stage};
use plimsoll_model::plan::Desired;
use plimsoll_model::source::Source;
use plimsoll_model::time::Moment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Exit, OpError, Progress, RecordView, hosts, project};

/// How far back a deployment is looked for.
pub(crate) const HISTORY: u32 = 1_000;

/// Which deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The environment.
    pub environment: EnvironmentName,
    /// The deployment's name, or as much of its beginning as tells it from others.
    pub id: String,
    /// The log of its run, too.
    #[serde(default)]
    pub log: bool,
}

/// A deployment in full.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The deployment.
    pub deployment: Full,
    /// The log of its run, where it was asked for and is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// All that is on record.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
    let Some(fleet) = hosts::connect_existing(context, &loaded.project).await? else { return Err(not_one(&input.environment, &input.id, 0)) };
    let records = fleet.home().history(&loaded.key(), HISTORY).await?;
    let record = called(&input.environment, &input.id, &records)?;
    let log = if input.log { fleet.home().run_log(&loaded.key(), &record.id, None).await? } else { None };
    Ok(Output { deployment: record.clone().into(), log })
}

/// The only one of these deployments whose name begins so.
pub(crate) fn called<'a>(environment: &EnvironmentName, id: &str, records: &'a [DeploymentRecord]) -> Result<&'a DeploymentRecord, OpError> {
    let called: Vec<&DeploymentRecord> = records.iter().filter(|record| !id.is_empty() && record.id.as_str().starts_with(id)).collect();
    if let [record] = called.as_slice() { Ok(record) } else { Err(not_one(environment, id, called.len())) }
}

fn not_one(environment: &EnvironmentName, id: &str, called: usize) -> OpError {
    let help = format!("see what there is: plimsoll history {environment}");
    let (code, message) = match called {
        0 => ("unknown-deployment", format!("environment {environment} has no deployment {id:?}")),
        count => ("ambiguous-deployment", format!("{count} deployments of environment {environment} begin with {id:?}")),
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
        let environment = "local".parse().unwrap();
        for (called, code, words) in [(0, "unknown-deployment", "has no deployment \"2026\""), (3, "ambiguous-deployment", "3 deployments")] {
            let error = not_one(&environment, "2026", called);
            assert_eq!((error.code.as_str(), error.exit), (code, Exit::Usage));
            assert!(error.message.contains(words) && error.help.unwrap().ends_with("plimsoll history local"), "{}", error.message);
        }
    }
}
