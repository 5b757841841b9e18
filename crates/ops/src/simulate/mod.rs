//! Plays what `deploy` would do in a world that is like the one that was seen, and tells what would happen. No host is changed.
//!
//! The plan is that of `plan`, with the same hash. The engine and the hosts are the real ones; only the machines below them are made up
//! ([`plimsoll_world`]), and their time passes at once.

mod estimate;
mod forecast;
mod play;
mod risk;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use plimsoll_model::deployment::{DeploymentRecord, Failure, Outcome};
use plimsoll_model::finding::Finding;
use plimsoll_model::manifest::project::Hooks;
use plimsoll_model::plan::{Desired, Phase, Plan};
use plimsoll_model::{EnvironmentKey, EnvironmentName, PlanHash};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::forecast::Script;
use self::play::{Scene, play};
use crate::proposal::{CutOff, Groundwork, Proposal, to_deploy};
use crate::workbench::until_cancelled;
use crate::{Context, OpError, Progress, Wanted, hosts, project};

pub use self::estimate::Basis;
pub use self::forecast::{FailureForecast, StepForecast, SwitchForecast, Undone};
pub use self::risk::Risk;

/// How far back it is looked for how slots are run.
const HISTORY: u32 = 100;

/// What is to be simulated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Where to.
    pub environment: EnvironmentName,
    /// What from.
    #[serde(default)]
    pub source: Wanted,
}

/// What would happen. Times are estimates, in milliseconds since the deployment began; nothing is built in them.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// The plan that was played: that of `plan`.
    pub plan: PlanHash,
    /// What it would change.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// How it would end: `committed`, or `unchanged` where there is nothing to do.
    pub outcome: Outcome,
    /// What would go wrong already.
    pub failure: Option<Failure>,
    /// When the new state would be live for good.
    pub live_ms: Option<u64>,
    /// When nothing would be left to do.
    pub duration_ms: u64,
    /// When routes would switch.
    pub switch: Option<SwitchForecast>,
    /// What would be done, in the order in which it would begin.
    pub steps: Vec<StepForecast>,
    /// What would happen if the last step of each phase failed.
    pub failures: Vec<FailureForecast>,
    /// What is at risk, and what is not known.
    pub risks: Vec<Risk>,
    /// What its migrations would do to databases that are in use.
    pub findings: Vec<Finding>,
}

/// Makes the plan that `deploy` would carry out, and plays it: as it should go, and with a failure in each phase.
///
/// # Errors
/// There is no such plan, as with `plan`; or a host would refuse to begin.
pub async fn run(context: &Context, input: Input, progress: &Progress) -> Result<Output, OpError> {
    let loaded = project::load(context, &input.environment)?;
    let seen = async {
        let (groundwork, proposal) = to_deploy(context, &loaded, &input.source, CutOff::Imagine, progress).await?;
        let history = groundwork.fleet.home().history(&loaded.key(), HISTORY).await?;
        Ok((groundwork, proposal, history))
    };
    let (groundwork, proposal, history) = until_cancelled(context, seen).await?;
    let findings = proposal.findings.clone();
    let scene = scene(context, groundwork, proposal, &history);
    let output = until_cancelled(context, foretell(Arc::new(scene), &loaded.project.hooks)).await?;
    Ok(Output { findings, ..output })
}

fn scene(context: &Context, groundwork: Groundwork, proposal: Proposal, history: &[DeploymentRecord]) -> Scene {
    let Proposal { plan, seen, .. } = proposal;
    Scene {
        specs: play::specs(&seen, history),
        secrets: groundwork.secrets.values,
        certificates: groundwork.certificates,
        estimates: estimate::all(&plan, &seen),
        hash: plan.hash(),
        // Who may change the environment is judged where somebody wants to; this is played, and done by nobody.
        holder: plimsoll_model::deployment::Holder { surface: "simulation".into(), ..context.holder.clone() },
        now: hosts::now(),
        plan: Plan { desired: Desired { policy: None, ..plan.desired.clone() }, ..plan },
        seen,
    }
}

async fn foretell(scene: Arc<Scene>, hooks: &Hooks) -> Result<Output, OpError> {
    let script = Script::of(&scene.plan);
    let played = play(scene.clone(), None).await?;
    let mut failures = Vec::new();
    for place in Phase::FORWARD.into_iter().filter_map(|phase| script.last_of(phase)) {
        let broken = play(scene.clone(), Some(place.clone())).await?;
        failures.push(script.failure(place, broken));
    }
    let steps = script.steps(&played, &scene.estimates);
    Ok(Output {
        plan: scene.hash,
        key: scene.plan.key.clone(),
        outcome: played.ended.outcome,
        live_ms: forecast::live_ms(&played),
        duration_ms: forecast::end_ms(&played),
        failure: played.ended.failure,
        switch: script.switch(&steps),
        risks: risk::all(&scene.plan, &scene.seen, &steps, hooks),
        failures,
        steps,
        findings: Vec::new(),
    })
}
