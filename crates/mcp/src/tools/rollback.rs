//! `rollback`: returns to what an earlier deployment had made live.

use plimsoll_model::{DeploymentId, EnvironmentName, PlanHash};
use plimsoll_ops::rollback::{self, Data, Input, Output, Target};
use plimsoll_ops::{Answer, Exit, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::{Call, Seen};
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "rollback",
    "Return to what an earlier deployment had made live: the last good one, or the one named. \
                  Without plan_hash it only shows the plan.",
    Effect::Changes,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    plan_hash: Option<PlanHash>,
    deployment: Option<DeploymentId>,
    version: Option<String>,
    commit: Option<String>,
    /// For the record
    reason: Option<String>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, plan_hash, deployment, version, commit, reason } = call.read()?;
    let input = Input { environment, to: target(deployment, version, commit)?, data: Data::Stays, expect_plan: plan_hash, reason };
    let output = rollback::run(&call.context, input, &Seen { accept_loss: false }, &call.progress).await?;
    Ok(Answer::of_deployment("rolled-back", &output.deployment, &output))
}

fn target(deployment: Option<DeploymentId>, version: Option<String>, commit: Option<String>) -> Result<Target, OpError> {
    let named = [deployment.map(Target::Deployment), version.map(Target::Version), commit.map(Target::Commit)];
    let mut named = named.into_iter().flatten();
    match (named.next(), named.next()) {
        (None, _) => Ok(Target::Last),
        (Some(target), None) => Ok(target),
        _ => Err(OpError::new(Exit::Usage, "arguments-unfit", "deployment, version and commit each name a target, and there can be one only")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_one_name_at_most() {
        let id = || "d-1".parse().ok();
        assert_eq!(target(None, None, None), Ok(Target::Last));
        assert_eq!(target(id(), None, None), Ok(Target::Deployment(id().unwrap())));
        assert_eq!(target(None, Some("v1".into()), None), Ok(Target::Version("v1".into())));
        assert_eq!(target(None, None, Some("abc".into())), Ok(Target::Commit("abc".into())));
        assert_eq!(target(id(), None, Some("abc".into())).unwrap_err().code, "arguments-unfit");
    }
}
