//! The state machine of a deployment on one host.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, Failure, Outcome};
use crate::plan::{Phase, StepRef};

/// How far a deployment is on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Steps are being done. Rolls back by itself when its lease runs out.
    Running,
    /// All steps are done; waits for the decision of the home host, however long.
    Sealed,
    /// Decided: only the commit steps are left.
    Committing,
    /// Steps are being undone.
    RollingBack {
        /// Why.
        failure: Failure,
    },
    /// Over.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
}

/// What is known of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Pending,
    /// Begun; how far it came is not known.
    Intended,
    /// Done.
    Done,
    /// Tried without success; it may have had an effect.
    Failed,
    /// Being undone.
    Undoing,
    /// Undone.
    Undone,
}

/// The state of a deployment on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    stage: Stage,
    steps: BTreeMap<StepRef, StepState>,
    begun: Vec<StepRef>,
}

/// An event that cannot happen in the state that the deployment is in: a bug, or a journal that was tampered with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} is not possible now: {why}")]
pub struct IllegalEvent {
    /// The event, named.
    pub event: String,
    /// What stands against it.
    pub why: String,
}

impl Progress {
    /// A deployment that has just begun, with the steps that its plan has for the host.
    pub fn begin(steps: impl IntoIterator<Item = StepRef>) -> Self {
        Self { stage: Stage::Running, steps: steps.into_iter().map(|at| (at, StepState::Pending)).collect(), begun: Vec::new() }
    }

    /// The state that the records of a journal lead to.
    ///
    /// # Errors
    /// The first record that is not possible where it stands.
    pub fn replay<'a>(steps: impl IntoIterator<Item = StepRef>, journal: impl IntoIterator<Item = &'a Event>) -> Result<Self, IllegalEvent> {
        journal.into_iter().try_fold(Self::begin(steps), Self::next)
    }

    /// How far the deployment is.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.stage
    }

    /// What is known of a step; none when the plan has no such step for this host.
    #[must_use]
    pub fn step(&self, at: &StepRef) -> Option<StepState> {
        self.steps.get(at).copied()
    }

    /// The steps that still have to be undone, the last begun first.
    #[must_use]
    pub fn to_undo(&self) -> Vec<StepRef> {
        self.begun.iter().rev().filter(|at| at.phase != Phase::Commit && self.steps[*at] != StepState::Undone).cloned().collect()
    }

    /// Whether every step of these phases, on every level, is done.
    #[must_use]
    pub fn all_done(&self, phases: &[Phase]) -> bool {
        self.steps.iter().all(|(at, state)| !phases.contains(&at.phase) || *state == StepState::Done)
    }

    /// The state after `event`.
    ///
    /// # Errors
    /// Says why `event` is not possible now. The deployment is then to be left as it is.
    pub fn next(mut self, event: &Event) -> Result<Self, IllegalEvent> {
        self.advance(event)?;
        Ok(self)
    }

    /// The same in place.
    ///
    /// # Errors
    /// As [`Progress::next`]; then nothing has changed.
    pub fn advance(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        self.allows(event)?;
        self.follow(event);
        Ok(())
    }

    /// Whether `event` is possible now.
    ///
    /// # Errors
    /// Says why it is not.
    pub fn allows(&self, event: &Event) -> Result<(), IllegalEvent> {
        self.judge(event).map_err(|why| IllegalEvent { event: describe(event), why })
    }

    /// Moves on to the state after an event that it allows.
    fn follow(&mut self, event: &Event) {
        match event {
            Event::Intended { at } => self.begin_step(at),
            Event::Done { at } => self.set(at, StepState::Done),
            Event::Failed { at, .. } => self.set(at, StepState::Failed),
            Event::Sealed => self.stage = Stage::Sealed,
            Event::Decided => self.stage = Stage::Committing,
            Event::RollingBack { failure } => self.stage = Stage::RollingBack { failure: failure.clone() },
            Event::Undoing { at } | Event::UndoFailed { at, .. } => self.set(at, StepState::Undoing),
            Event::Undone { at } => self.set(at, StepState::Undone),
            Event::Closed { outcome } => self.stage = Stage::Closed { outcome: *outcome },
        }
    }

    fn begin_step(&mut self, at: &StepRef) {
        self.set(at, StepState::Intended);
        if !self.begun.contains(at) {
            self.begun.push(at.clone());
        }
    }

    fn set(&mut self, at: &StepRef, state: StepState) {
        self.steps.insert(at.clone(), state);
    }

    /// Says what stands against `event`.
    fn judge(&self, event: &Event) -> Result<(), String> {
        match (&self.stage, event) {
            (Stage::Running, Event::Intended { at }) => self.judge_begin(at),
            (Stage::Committing, Event::Intended { at }) if at.phase == Phase::Commit => self.judge_order_within(at),
            (Stage::Running | Stage::Committing, Event::Done { at } | Event::Failed { at, .. }) => self.judge_is(at, &[StepState::Intended]),
            (Stage::Running, Event::Sealed) | (Stage::Running | Stage::Sealed, Event::Decided) => self.judge_complete(),
            (Stage::Running | Stage::Sealed, Event::RollingBack { .. }) => Ok(()),
            (Stage::RollingBack { .. }, Event::Undoing { at }) => self.judge_undo(at),
            (Stage::RollingBack { .. }, Event::Undone { at } | Event::UndoFailed { at, .. }) => self.judge_is(at, &[StepState::Undoing]),
            (Stage::RollingBack { .. }, Event::Closed { outcome: Outcome::RolledBack }) if self.to_undo().is_empty() => Ok(()),
            (Stage::Committing, Event::Closed { outcome: Outcome::Committed }) => self.judge_commit_tried(),
            (stage, _) => Err(format!("the deployment is {stage}")),
        }
    }

    /// A step may begin when all levels and phases before it are done, and the steps of its component before it.
    fn judge_begin(&self, at: &StepRef) -> Result<(), String> {
        if at.phase == Phase::Commit {
            return Err("commit steps wait for the decision".into());
        }
        let before = |other: &StepRef| other.phase != Phase::Commit && (other.level, other.phase) < (at.level, at.phase);
        match self.steps.iter().find(|(other, state)| before(other) && **state != StepState::Done) {
            Some((other, _)) => Err(format!("{other} is not done")),
            None => self.judge_order_within(at),
        }
    }

    fn judge_order_within(&self, at: &StepRef) -> Result<(), String> {
        let before = |other: &StepRef| (other.level, other.phase, &other.component) == (at.level, at.phase, &at.component) && other.index < at.index;
        let tried = |state: StepState| state == StepState::Done || (at.phase == Phase::Commit && state == StepState::Failed);
        match self.steps.iter().find(|(other, state)| before(other) && !tried(**state)) {
            Some((other, _)) => Err(format!("{other} is not done")),
            None => self.judge_is(at, &[StepState::Pending, StepState::Intended, StepState::Failed]),
        }
    }

    /// Steps are undone in the reverse of the order in which they began.
    fn judge_undo(&self, at: &StepRef) -> Result<(), String> {
        match self.to_undo().first() {
            Some(first) if first == at => Ok(()),
            Some(first) => Err(format!("{first} is to be undone first")),
            None => Err("nothing is left to undo".into()),
        }
    }

    fn judge_is(&self, at: &StepRef, allowed: &[StepState]) -> Result<(), String> {
        match self.steps.get(at) {
            None => Err(format!("the plan has no {at}")),
            Some(state) if allowed.contains(state) => Ok(()),
            Some(state) => Err(format!("{at} is {state:?}").to_lowercase()),
        }
    }

    fn judge_complete(&self) -> Result<(), String> {
        if self.all_done(&Phase::FORWARD) { Ok(()) } else { Err("not all steps are done".into()) }
    }

    /// A commit step that failed is reported, and keeps no one from ending the deployment.
    fn judge_commit_tried(&self) -> Result<(), String> {
        let open = |state: &StepState| !matches!(state, StepState::Done | StepState::Failed);
        match self.steps.iter().find(|(_, state)| open(state)) {
            Some((at, _)) => Err(format!("{at} was not tried")),
            None => Ok(()),
        }
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Intended { at } => format!("to begin {at}"),
        Event::Done { at } => format!("the end of {at}"),
        Event::Failed { at, .. } => format!("the failure of {at}"),
        Event::Sealed => "to seal".into(),
        Event::Decided => "the decision".into(),
        Event::RollingBack { .. } => "to roll back".into(),
        Event::Undoing { at } => format!("to undo {at}"),
        Event::Undone { at } => format!("the undoing of {at}"),
        Event::UndoFailed { at, .. } => format!("the failed undoing of {at}"),
        Event::Closed { outcome } => format!("to end as {outcome}"),
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stage::Running => f.write_str("running"),
            Stage::Sealed => f.write_str("sealed"),
            Stage::Committing => f.write_str("committing"),
            Stage::RollingBack { .. } => f.write_str("rolling back"),
            Stage::Closed { outcome } => write!(f, "closed as {outcome}"),
        }
    }
}
