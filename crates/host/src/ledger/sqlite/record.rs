//! How the record of a deployment follows its journal.

use std::collections::BTreeMap;

use plimsoll_model::deployment::{DeploymentRecord, Event, Failure, Outcome, Stage};
use plimsoll_model::plan::{Phase, StepRef};
use plimsoll_model::time::Moment;

/// Whether `event` shows in the record, and not in the journal alone.
pub(super) fn shows(event: &Event) -> bool {
    match event {
        Event::Sealed | Event::Decided | Event::RollingBack { .. } | Event::Closed { .. } => true,
        Event::Failed { at, .. } | Event::Done { at } => at.phase == Phase::Commit,
        Event::Intended { .. } | Event::Undoing { .. } | Event::Undone { .. } | Event::UndoFailed { .. } => false,
    }
}

/// The record after `event`, which is the last of `journal`.
pub(super) fn follow(mut record: DeploymentRecord, at: Moment, event: &Event, journal: &[Event]) -> DeploymentRecord {
    match event {
        Event::Sealed => record.stage = Stage::Sealed,
        Event::Decided => record.stage = Stage::Committing,
        Event::RollingBack { failure } => {
            record.failure = Some(failure.clone());
            record.stage = Stage::RollingBack { failure: failure.clone() };
        }
        Event::Closed { outcome } => {
            record.stage = Stage::Closed { outcome: *outcome };
            record.ended_at = Some(at);
        }
        _ => record.leftovers = leftovers(journal),
    }
    record
}

/// What is written in the column `outcome`; none while the deployment is open.
pub(super) fn outcome(stage: &Stage) -> Option<&'static str> {
    let Stage::Closed { outcome } = stage else { return None };
    Some(match outcome {
        Outcome::Committed => "committed",
        Outcome::RolledBack => "rolled_back",
        Outcome::Unchanged => "unchanged",
        Outcome::Undecided => "undecided",
    })
}

/// The commit steps that failed and did not work later either.
fn leftovers(journal: &[Event]) -> Vec<Failure> {
    let mut failed: BTreeMap<&StepRef, &Failure> = BTreeMap::new();
    for event in journal {
        match event {
            Event::Failed { at, failure } if at.phase == Phase::Commit => drop(failed.insert(at, failure)),
            Event::Done { at } => drop(failed.remove(at)),
            _ => {}
        }
    }
    failed.into_values().cloned().collect()
}
