//! Where a rollback leads, judged from the history of an environment.

use super::{DeploymentRecord, Outcome};
use crate::DeploymentId;
use crate::plan::Intent;

/// Why there is nothing to roll back to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// No deployment was ever committed.
    #[error("nothing was deployed yet")]
    Empty,
    /// What serves is the first that was committed.
    #[error("there is no earlier good deployment to return to")]
    NoEarlier,
    /// No deployment answers to what was asked for.
    #[error("no committed deployment has {0}")]
    Unknown(String),
}

/// The deployment whose state serves: the last committed one, or what that one returned to. `history` is newest first.
#[must_use]
pub fn serving(history: &[DeploymentRecord]) -> Option<&DeploymentRecord> {
    let last = committed(history).next()?;
    resolve(history, last)
}

/// The newest deployment that is older than what serves now and was good: committed, and never rolled back from. `history` is newest first.
///
/// # Errors
/// Says when there is none.
pub fn stable_before(history: &[DeploymentRecord]) -> Result<&DeploymentRecord, HistoryError> {
    let now = serving(history).ok_or(HistoryError::Empty)?;
    let left = left(history);
    let good = |record: &&DeploymentRecord| record.id < now.id && record.intent == Intent::Deploy && !left.contains(&&record.id);
    committed(history).find(good).ok_or(HistoryError::NoEarlier)
}

/// What may be wanted again: the newest `most` that were not undone, what serves, and what a rollback would return to. However many fail after these,
/// they push none of them out. `history` is newest first.
pub fn recallable(history: &[DeploymentRecord], most: usize) -> impl Iterator<Item = &DeploymentRecord> {
    let newest = history.iter().filter(|record| record.outcome() != Outcome::RolledBack).take(most);
    newest.chain(serving(history)).chain(stable_before(history).ok())
}

/// The deployments that someone rolled back from.
fn left(history: &[DeploymentRecord]) -> Vec<&DeploymentId> {
    let from = |index: usize| serving(&history[index + 1..]).map(|record| &record.id);
    let rollback = |record: &DeploymentRecord| record.outcome() == Outcome::Committed && matches!(record.intent, Intent::Rollback { .. });
    history.iter().enumerate().filter(|(_, record)| rollback(record)).filter_map(|(index, _)| from(index)).collect()
}

/// The newest committed deployment that `fits`, called `wanted` in the error. `history` is newest first.
///
/// # Errors
/// Says when none fits.
pub fn rollback_target<'a>(
    history: &'a [DeploymentRecord],
    wanted: &str,
    fits: impl Fn(&DeploymentRecord) -> bool,
) -> Result<&'a DeploymentRecord, HistoryError> {
    let found = committed(history).find(|record| fits(record) && record.intent != Intent::Down);
    found.and_then(|record| resolve(history, record)).ok_or_else(|| HistoryError::Unknown(wanted.to_owned()))
}

fn committed(history: &[DeploymentRecord]) -> impl Iterator<Item = &DeploymentRecord> {
    history.iter().filter(|record| record.outcome() == Outcome::Committed)
}

/// Follows rollbacks to the deployment that made the state.
fn resolve<'a>(history: &'a [DeploymentRecord], record: &'a DeploymentRecord) -> Option<&'a DeploymentRecord> {
    let by_id = |id: &DeploymentId| history.iter().find(|record| record.id == *id);
    match &record.intent {
        Intent::Rollback { to } if *to < record.id => by_id(to).and_then(|to| resolve(history, to)),
        Intent::Rollback { .. } => None,
        Intent::Deploy | Intent::Migrate | Intent::Down => Some(record),
    }
}
