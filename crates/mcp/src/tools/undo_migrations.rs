//! `undo_migrations`: undoes the last migrations, and changes nothing else.

use plimsoll_model::{ComponentName, EnvironmentName, PlanHash};
use plimsoll_ops::migrate_down::{self, Input, Output};
use plimsoll_ops::{Answer, OpError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::call::{Call, Seen};
use crate::tool::{Effect, Tool};

pub(super) const TOOL: Tool = Tool::new::<Arguments, Output>(
    "undo_migrations",
    "Undo the last migrations of databases, and change nothing else; rollback undoes those of a deployment. \
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
    /// How many; 1 if left out
    count: Option<u32>,
    /// For the record
    reason: Option<String>,
}

async fn run(call: Call) -> Result<Answer, OpError> {
    let Arguments { environment, plan_hash, database, count, reason } = call.read()?;
    let input = Input { environment, database, count: count.unwrap_or(1), expect_plan: plan_hash, reason };
    let output = migrate_down::run(&call.context, input, &Seen { accept_loss: false }, &call.progress).await?;
    Ok(Answer::of_deployment("migrated", &output.deployment, &output))
}
