//! `migrate`: brings databases to their migrations, and changes nothing else.

use plimsoll_model::{ComponentName, EnvironmentName, PlanHash};
use plimsoll_ops::migrate_up::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::{Call, Seen};
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "migrate",
    "Apply the migrations that databases lack, and change nothing else; deploy_full applies them as well. \
                  Without plan_hash it only shows the plan.",
    Effect::Changes,
    |call| Box::pin(run(call)),
);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    environment: EnvironmentName,
    plan_hash: Option<PlanHash>,
    /// Only this one
    database: Option<ComponentName>,
    /// For the record
    reason: Option<String>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, plan_hash, database, reason } = call.read()?;
    let input = Input { environment, database, expect_plan: plan_hash, reason };
    let output = migrate_up::run(&call.context, input, &Seen { accept_loss: false }, &call.progress).await?;
    Ok(Answer::of_deployment("migrated", &output.deployment, &output))
}
