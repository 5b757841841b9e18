//! How long each step should take: as long as steps of its kind took before, or as long as is assumed.

use std::collections::BTreeMap;

use plimsoll_model::HostName;
use plimsoll_model::check::Question;
use plimsoll_model::plan::{Observed, Plan, Step, StepKind, StepRef};
use schemars::JsonSchema;
use serde::Serialize;

/// Where an estimate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The median of the last deployments on record: so long this kind of step took for this component.
    Recorded,
    /// Nothing of the kind is on record: it is assumed.
    Default,
}

/// How long a step should take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Estimate {
    /// In milliseconds.
    pub(super) ms: u64,
    /// To undo it, in milliseconds.
    pub(super) undo_ms: u64,
    pub(super) basis: Basis,
}

/// By host and step.
pub(super) type Estimates = BTreeMap<HostName, BTreeMap<StepRef, Estimate>>;

/// How long each step of a plan should take, on hosts that were `seen` so.
pub(super) fn all(plan: &Plan, seen: &BTreeMap<HostName, Observed>) -> Estimates {
    let of_host = |host: &HostName| plan.steps(host).map(|(at, step)| (at.clone(), one(&at, step, seen.get(host)))).collect();
    plan.expects.keys().map(|host| (host.clone(), of_host(host))).collect()
}

fn one(at: &StepRef, step: &Step, seen: Option<&Observed>) -> Estimate {
    let recorded = seen.and_then(|seen| seen.steps_ms.get(&at.component)?.get(&step.kind()).copied());
    let (ms, basis) = recorded.map_or((assumed_ms(step), Basis::Default), |ms| (ms, Basis::Recorded));
    Estimate { ms: beside_its_wait(step, ms), undo_ms: assumed_undo_ms(step.kind()), basis }
}

/// Who stays up for a time has that time pass on the host itself; and no step waits longer than it may.
fn beside_its_wait(step: &Step, ms: u64) -> u64 {
    match step {
        Step::AwaitHealthy { check, within_ms, .. } => match check.question {
            Question::StaysUp { for_ms } => ms.saturating_sub(for_ms),
            Question::Http { .. } | Question::Connect => ms.min(within_ms / 2),
        },
        Step::CheckRoute { within_ms, .. } => ms.min(within_ms / 2),
        _ => ms,
    }
}

/// What small programs and small databases take on a small server, in milliseconds.
fn assumed_ms(step: &Step) -> u64 {
    match step {
        Step::Enrol { .. } => 20_000,
        Step::BackUp { .. } => 2_000,
        Step::Restore { .. } | Step::PutBack { .. } | Step::RunTool(_) => 5_000,
        Step::Migrate { .. } => 500,
        Step::AwaitHealthy { check, .. } => match check.question {
            Question::StaysUp { for_ms } => for_ms,
            Question::Http { .. } | Question::Connect => 1_000,
        },
        Step::StopSlot { .. } => 500,
        Step::StageRelease { .. } => 200,
        Step::StartSlot { .. } | Step::PruneRelease { .. } => 50,
        Step::Switch { .. } | Step::CheckRoute { .. } => 20,
        Step::RemoveSlot { .. } => 10,
    }
}

/// The same, of undoing it. Steps that only look have nothing to undo.
fn assumed_undo_ms(kind: StepKind) -> u64 {
    match kind {
        StepKind::RunTool | StepKind::PutBack => 5_000,
        StepKind::StopSlot => 1_000,
        StepKind::StartSlot | StepKind::Migrate => 500,
        StepKind::StageRelease => 50,
        StepKind::Switch => 20,
        _ => 0,
    }
}
