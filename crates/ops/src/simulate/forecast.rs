//! What the journals of a play say: which step began when, how long it took, and what was undone.

use std::collections::BTreeMap;

use plimsoll_model::HostName;
use plimsoll_model::database::Direction;
use plimsoll_model::deployment::{Event, Failure, Outcome};
use plimsoll_model::plan::{Phase, Plan, Step, StepKind, StepRef};
use schemars::JsonSchema;
use serde::Serialize;

use super::estimate::{Basis, Estimates};
use super::play::{Place, Played};

/// A step that would be done. Times are in milliseconds since the deployment began.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StepForecast {
    /// The host.
    pub host: HostName,
    /// Which one it is, in the plan's part for the host.
    #[serde(flatten)]
    pub at: StepRef,
    /// What sort of thing it does.
    pub kind: StepKind,
    /// What it does, in words.
    pub what: String,
    /// When it begins.
    pub starts_ms: u64,
    /// How long it takes.
    pub duration_ms: u64,
    /// Where that estimate comes from.
    pub basis: Basis,
}

/// When routes switch, in milliseconds since the deployment began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SwitchForecast {
    /// When the first one does.
    pub starts_ms: u64,
    /// From then until the last one has.
    pub duration_ms: u64,
}

/// What would happen if a step failed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FailureForecast {
    /// In this phase.
    pub phase: Phase,
    /// On this host.
    pub host: HostName,
    /// The last step of the phase, so that most has been done when it fails.
    pub step: StepRef,
    /// What it does, in words.
    pub what: String,
    /// How the deployment ends.
    pub outcome: Outcome,
    /// What is told then.
    pub failure: Option<Failure>,
    /// How long it takes until it has ended, in milliseconds.
    pub duration_ms: u64,
    /// What is undone, in this order.
    pub undone: Vec<Undone>,
}

/// A step that is undone.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Undone {
    /// The host.
    pub host: HostName,
    /// Which one it is.
    #[serde(flatten)]
    pub at: StepRef,
    /// What it had done, in words.
    pub what: String,
    /// What it did stays all the same: nothing says how to undo it.
    pub stays: bool,
}

/// The steps of a plan, by host.
pub(super) struct Script<'a>(BTreeMap<&'a HostName, BTreeMap<StepRef, &'a Step>>);

impl<'a> Script<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        Self(plan.expects.keys().map(|host| (host, plan.steps(host).collect())).collect())
    }

    pub(super) fn step(&self, host: &HostName, at: &StepRef) -> Option<&'a Step> {
        self.0.get(host)?.get(at).copied()
    }

    fn words(&self, host: &HostName, at: &StepRef) -> String {
        self.step(host, at).map(ToString::to_string).unwrap_or_default()
    }

    /// The last step of a phase on the last host that has one.
    pub(super) fn last_of(&self, phase: Phase) -> Option<Place> {
        let can_fail = |step: &Step| step.kind() != StepKind::Switch || switches_route(step);
        let steps = self.0.iter().flat_map(|(host, steps)| steps.iter().map(move |(at, step)| (*host, at, *step)));
        let of_phase = steps.filter(|(_, at, step)| at.phase == phase && can_fail(step));
        of_phase.max_by_key(|(_, at, _)| at.level).map(|(host, at, _)| (host.clone(), at.clone()))
    }

    /// Everything that was done, in the order in which it began.
    pub(super) fn steps(&self, played: &Played, estimates: &Estimates) -> Vec<StepForecast> {
        let mut steps: Vec<StepForecast> = Vec::new();
        for (host, journal) in &played.journals {
            let mut begun: BTreeMap<&StepRef, u64> = BTreeMap::new();
            for (at_ms, event) in journal {
                match event {
                    Event::Intended { at } => drop(begun.insert(at, *at_ms)),
                    Event::Done { at } => steps.extend(begun.remove(at).and_then(|from| self.forecast(host, at, (from, *at_ms), estimates))),
                    _ => {}
                }
            }
        }
        steps.sort_by(|a, b| (a.starts_ms, &a.at.level, a.at.phase).cmp(&(b.starts_ms, &b.at.level, b.at.phase)));
        steps
    }

    fn forecast(&self, host: &HostName, at: &StepRef, (from, to): (u64, u64), estimates: &Estimates) -> Option<StepForecast> {
        let step = self.step(host, at)?;
        let basis = estimates.get(host)?.get(at)?.basis;
        let (host, at, what) = (host.clone(), at.clone(), step.to_string());
        Some(StepForecast { host, at, kind: step.kind(), what, starts_ms: from, duration_ms: to.saturating_sub(from), basis })
    }

    /// When routes switch.
    pub(super) fn switch(&self, steps: &[StepForecast]) -> Option<SwitchForecast> {
        let switches = || steps.iter().filter(|step| self.step(&step.host, &step.at).is_some_and(switches_route));
        let starts_ms = switches().map(|step| step.starts_ms).min()?;
        let ends_ms = switches().map(|step| step.starts_ms + step.duration_ms).max()?;
        Some(SwitchForecast { starts_ms, duration_ms: ends_ms - starts_ms })
    }

    /// What came of it that `step` failed on `host`.
    pub(super) fn failure(&self, (host, step): Place, played: Played) -> FailureForecast {
        let mut undone: Vec<(u64, Undone)> = Vec::new();
        for (host, journal) in &played.journals {
            for (at_ms, event) in journal {
                if let Event::Undone { at } = event {
                    undone.push((
                        *at_ms,
                        Undone { host: host.clone(), at: at.clone(), what: self.words(host, at), stays: self.step(host, at).is_some_and(stays) },
                    ));
                }
            }
        }
        undone.sort_by_key(|(at_ms, _)| *at_ms);
        FailureForecast {
            phase: step.phase,
            what: self.words(&host, &step),
            duration_ms: end_ms(&played),
            outcome: played.ended.outcome,
            failure: played.ended.failure,
            undone: undone.into_iter().map(|(_, undone)| undone).collect(),
            host,
            step,
        }
    }
}

/// When the last host had nothing left to do.
pub(super) fn end_ms(played: &Played) -> u64 {
    played.journals.values().flatten().map(|(at_ms, _)| *at_ms).max().unwrap_or(0)
}

/// When the decision was taken.
pub(super) fn live_ms(played: &Played) -> Option<u64> {
    played.journals.values().flatten().find(|(_, event)| *event == Event::Decided).map(|(at_ms, _)| *at_ms)
}

/// Whether nothing says how to undo it.
pub(super) fn stays(step: &Step) -> bool {
    match step {
        Step::Migrate { migration, direction, .. } => *direction == Direction::Up && migration.down.is_none(),
        Step::RunTool(run) => run.direction == Direction::Up && run.own.tool.down.is_none(),
        _ => false,
    }
}

/// Whether it leads traffic elsewhere. What is no switch of a route is only put on record.
fn switches_route(step: &Step) -> bool {
    let Step::Switch { from, to } = step else { return false };
    [from, to].into_iter().flatten().any(|served| served.route.is_some())
}
