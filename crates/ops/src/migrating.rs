//! Bringing databases to other migrations while all else stays as it is: what the operations on migrations have in common.

use std::collections::BTreeSet;
use std::time::Instant;

use plimsoll_model::deployment::serving;
use plimsoll_model::manifest::project::{Component, Kind, Project};
use plimsoll_model::plan::{Desired, DesiredKind, Intent};
use plimsoll_model::{ComponentName, EnvironmentName, PlanHash};

use crate::project::Loaded;
use crate::proposal::{CutOff, Groundwork, Prepared, Proposal, prepare};
use crate::undertaking::Mandate;
use crate::workbench::until_cancelled;
use crate::{Approve, Context, DeploymentView, Exit, OpError, Progress, Tests, Wanted, deploy, project};

/// How far back what serves is looked for.
const HISTORY: u32 = 50;

/// Which way, and how far.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Way {
    /// To all that the source has.
    Up,
    /// So many less than what was deployed.
    Down(u32),
}

/// What a caller wants of it.
pub(crate) struct Wish {
    pub(crate) environment: EnvironmentName,
    pub(crate) database: Option<ComponentName>,
    pub(crate) way: Way,
    pub(crate) expect_plan: Option<PlanHash>,
    pub(crate) reason: Option<String>,
}

/// Migrates as one deployment, with all that belongs to it: a plan, a yes where one is wanted, a backup, a record.
pub(crate) async fn run(context: &Context, wish: Wish, approve: &dyn Approve, progress: &Progress) -> Result<DeploymentView, OpError> {
    let mandate = Mandate { expect_plan: wish.expect_plan, reason: wish.reason.clone(), begun: Instant::now() };
    let loaded = databases(project::load(context, &wish.environment)?, wish.database.as_ref())?;
    let planned = until_cancelled(context, plan(context, &loaded, &wish, progress)).await?;
    deploy::carry_out(context, &loaded, planned, (Tests::None, mandate), approve, progress).await
}

async fn plan(context: &Context, loaded: &Loaded, wish: &Wish, progress: &Progress) -> Result<(Groundwork, Proposal), OpError> {
    let mut prepared = prepare(context, loaded, &Wanted::Default, progress).await?;
    let history = prepared.groundwork.fleet.home().history(&loaded.key(), HISTORY).await?;
    let serving = serving(&history).filter(|record| record.intent != Intent::Down);
    let serving = serving.ok_or_else(|| nothing_serves(&wish.environment))?;
    aim(&mut prepared, &serving.desired, wish)?;
    prepared.lead(context, loaded, Intent::Migrate, CutOff::Settle, progress).await
}

/// What serves, with the databases that are meant as they shall be.
fn aim(prepared: &mut Prepared, serving: &Desired, wish: &Wish) -> Result<(), OpError> {
    for (name, wanted) in &mut prepared.desired.components {
        let Way::Down(count) = wish.way else { continue };
        if let Some(tool) = wanted.tool() {
            return Err(own_tool(name, &tool.component));
        }
        let served = serving.components.get(name).ok_or_else(|| nothing_serves(&wish.environment))?;
        let (DesiredKind::Database(wanted_spec), Some(spec)) = (&mut wanted.kind, served.kind.database()) else { continue };
        let left = spec.migrations.len().checked_sub(count as usize).filter(|_| count > 0);
        let left = left.ok_or_else(|| too_far(name, spec.migrations.len(), count))?;
        wanted_spec.migrations = spec.migrations[..left].to_vec();
        // The files that undo are those of the release that brought them.
        wanted.release = served.release;
    }
    for (name, served) in &serving.components {
        prepared.desired.components.entry(name.clone()).or_insert_with(|| served.clone());
    }
    Ok(())
}

/// The project with nothing but its databases, or just the one that is meant.
pub(crate) fn databases(loaded: Loaded, only: Option<&ComponentName>) -> Result<Loaded, OpError> {
    let Loaded { mut project, text } = loaded;
    let all: BTreeSet<ComponentName> = names(&project);
    if all.is_empty() {
        let error = OpError::new(Exit::Manifest, "no-databases", "the manifest names no database");
        return Err(error.with_help("docs/databases.md tells how one is written"));
    }
    if let Some(unknown) = only.filter(|only| !all.contains(*only)) {
        let names = all.iter().map(ComponentName::as_str).collect::<Vec<_>>().join(", ");
        let error = OpError::new(Exit::Usage, "unknown-database", format!("there is no database {unknown}"));
        return Err(error.with_help(format!("there are: {names}")));
    }
    project.components.retain(|name, _| only.map_or_else(|| all.contains(name), |only| only == name));
    Ok(Loaded { project, text })
}

/// The project with nothing but the databases whose migrations are known one by one, or just the one that is meant.
pub(crate) fn numbered(loaded: Loaded, only: Option<&ComponentName>) -> Result<Loaded, OpError> {
    let loaded = databases(loaded, only)?;
    let own = |(name, component): (&ComponentName, &Component)| match &component.kind {
        Kind::Database { own: Some(own), .. } => Some(own_tool(name, &own.tool.component)),
        _ => None,
    };
    loaded.project.components.iter().find_map(own).map_or(Ok(()), Err)?;
    Ok(loaded)
}

fn own_tool(database: &ComponentName, component: &ComponentName) -> OpError {
    let message = format!("{database} is migrated by a tool of the project's own, which alone knows its migrations one by one");
    let help = format!("ask that tool, as {component} has it; a deployment applies what is new, and a rollback leads back");
    OpError::new(Exit::Usage, "own-tool", message).with_help(help)
}

fn names(project: &Project) -> BTreeSet<ComponentName> {
    let databases = project.components.iter().filter(|(_, component)| matches!(component.kind, Kind::Database { .. }));
    databases.map(|(name, _)| name.clone()).collect()
}

fn nothing_serves(environment: &EnvironmentName) -> OpError {
    let message = format!("nothing is deployed to {environment} whose databases could be migrated");
    OpError::new(Exit::Failed, "nothing-deployed", message).with_help(format!("plimsoll deploy {environment}"))
}

fn too_far(database: &ComponentName, has: usize, count: u32) -> OpError {
    let message = format!("{database} has {has} migrations, and {count} cannot be undone");
    OpError::new(Exit::Usage, "too-few-migrations", message).with_help("plimsoll migrate status tells what it has")
}
