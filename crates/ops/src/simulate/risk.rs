//! What is at risk in a plan that goes as it should, and what its simulation does not know.

use std::collections::BTreeMap;

use plimsoll_model::manifest::project::Hooks;
use plimsoll_model::plan::{Change, Observed, Phase, Plan, Step, StepKind, Work};
use plimsoll_model::{ComponentName, HostName};
use schemars::JsonSchema;
use serde::Serialize;

use super::forecast::{StepForecast, stays};

/// Something that could hurt, or that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Risk {
    /// Stable name of the kind of risk, such as `service-gap`.
    pub code: String,
    /// The component, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<ComponentName>,
    /// The host, when it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostName>,
    /// For how long, in milliseconds, where that is estimated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// What it is, as a sentence.
    pub message: String,
}

/// All that is at risk.
pub(super) fn all(plan: &Plan, seen: &BTreeMap<HostName, Observed>, steps: &[StepForecast], hooks: &Hooks) -> Vec<Risk> {
    let mut risks = gaps(steps);
    for (host, work) in plan.levels.iter().flat_map(|level| &level.hosts).flat_map(|(host, works)| works.iter().map(move |work| (host, work))) {
        let has_data = seen.get(host).is_some_and(|seen| has_data(seen, &work.component));
        risks.extend(of_work(work, has_data).into_iter().map(|risk| Risk { host: Some(host.clone()), ..risk }));
    }
    risks.extend(not_known(plan, seen, hooks));
    risks
}

impl Risk {
    fn new(code: &str, message: String) -> Self {
        Self { code: code.to_owned(), component: None, host: None, duration_ms: None, message }
    }

    fn of(component: &ComponentName, code: &str, message: String) -> Self {
        Self { component: Some(component.clone()), ..Self::new(code, message) }
    }
}

/// Components that do not serve between the stop of the slot before and the switch to the next one.
fn gaps(steps: &[StepForecast]) -> Vec<Risk> {
    let stops = steps.iter().filter(|step| step.kind == StepKind::StopSlot && step.at.phase != Phase::Commit);
    stops.filter_map(|stop| gap(stop, steps)).collect()
}

fn gap(stop: &StepForecast, steps: &[StepForecast]) -> Option<Risk> {
    let component = &stop.at.component;
    let is_its = |step: &&StepForecast| step.kind == StepKind::Switch && step.host == stop.host && step.at.component == *component;
    let switch = steps.iter().filter(is_its).find(|step| step.starts_ms >= stop.starts_ms)?;
    let ms = switch.starts_ms + switch.duration_ms - stop.starts_ms;
    let message = format!("{component} does not serve for about {ms} ms: its slot is stopped before the new one starts");
    let risk = Risk::of(component, "service-gap", message);
    Some(Risk { host: Some(stop.host.clone()), duration_ms: Some(ms), ..risk })
}

/// Whether a database may have rows already.
fn has_data(seen: &Observed, component: &ComponentName) -> bool {
    let is_served = seen.components.get(component).is_some_and(|seen| seen.served.is_some());
    is_served || seen.databases.get(component).is_some_and(|applied| !applied.is_empty())
}

fn of_work(work: &Work, has_data: bool) -> Vec<Risk> {
    let component = &work.component;
    let steps = || Phase::FORWARD.into_iter().flat_map(|phase| work.steps.of(phase));
    let mut risks: Vec<Risk> = steps().filter_map(|step| irrevocable(component, step)).collect();
    let changes_schema = steps().any(|step| matches!(step, Step::Migrate { .. } | Step::RunTool(_)));
    if changes_schema && has_data && !steps().any(|step| matches!(step, Step::BackUp { .. })) {
        let message = format!("{component} is migrated without a backup before that");
        risks.push(Risk::of(component, "backup-missing", message));
    }
    match work.change {
        Change::Remove => risks.push(Risk::of(component, "component-removed", format!("{component} is taken away and serves no more"))),
        Change::Leave => risks.push(Risk::of(component, "component-moved", format!("{component} is taken away from this host"))),
        _ => {}
    }
    risks
}

/// What stays when the deployment is rolled back.
fn irrevocable(component: &ComponentName, step: &Step) -> Option<Risk> {
    let what = match step {
        _ if !stays(step) => return None,
        Step::Migrate { migration, .. } => format!("migration {migration} has no `down`"),
        _ => "its tool has no `down`".to_owned(),
    };
    Some(Risk::of(component, "migration-stays", format!("{what}: when the deployment is rolled back, {component} keeps the new schema")))
}

/// What becomes of the deployment outside of the simulation.
fn not_known(plan: &Plan, seen: &BTreeMap<HostName, Observed>, hooks: &Hooks) -> Vec<Risk> {
    let mut risks = Vec::new();
    for (component, release) in plan.lacking(seen) {
        let message = format!(
            "release {} of {component} is not on every host yet: building and bringing it is not simulated, and comes before its first step",
            release.short()
        );
        risks.push(Risk::of(&component, "not-built", message));
    }
    if let Some((host, open)) = seen.iter().find_map(|(host, seen)| Some((host, seen.open.as_ref()?))) {
        let message = format!("deployment {} of {} is not settled: the plan may change when it is", open.id, open.holder);
        risks.push(Risk { host: Some(host.clone()), ..Risk::new("unsettled", message) });
    }
    let Hooks { before_build, before_switch, after_commit, after_rollback } = hooks;
    let named =
        [("before_build", before_build), ("before_switch", before_switch), ("after_commit", after_commit), ("after_rollback", after_rollback)];
    let named: Vec<&str> = named.into_iter().filter(|(_, hook)| hook.is_some()).map(|(name, _)| name).collect();
    if !named.is_empty() {
        risks.push(Risk::new("hooks-not-run", format!("hooks are not simulated: {}", named.join(", "))));
    }
    risks
}
