//! A deployment, from its first step to how it ended.

use plimsoll_api::HostError;
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::{Failure, Outcome};

use crate::conduct::{Conduct, Ended, Milestone, Note};
use crate::phases::{commit, open, prepare, roll_back, seal, switch, verify};
use crate::{lease, recover};

/// Executes a plan: it ends fully live, or as if it had never begun.
///
/// # Errors
/// When a host refused to begin: then nothing has happened. What fails later is in [`Ended`].
pub async fn run(conduct: &Conduct<'_>) -> Result<Ended, HostError> {
    if conduct.plan.is_empty() {
        return Ok(Ended { id: None, outcome: Outcome::Unchanged, failure: None, leftovers: Vec::new(), stuck: None });
    }
    let id = open::run(conduct).await?;
    match lease::keep(conduct, &id, forward(conduct, &id)).await {
        Ok(()) => Ok(live(conduct, id).await),
        // The answer to the decision may be lost when the decision is not.
        Err(_) if recover::decided(conduct.fleet, &conduct.plan.key, &id).await.unwrap_or(false) => Ok(live(conduct, id).await),
        Err(error) => Ok(undone(conduct, id, error.to_failure()).await),
    }
}

/// All that can still be undone, up to the decision.
async fn forward(conduct: &Conduct<'_>, id: &DeploymentId) -> Result<(), HostError> {
    tokio::select! {
        biased;
        () = conduct.cancel.cancelled() => return Err(HostError::Failed(cancelled())),
        verified = levels(conduct, id) => verified?,
    }
    // Not to be cancelled: whoever asks for the decision must learn whether it was taken.
    seal::run(conduct, id).await
}

async fn levels(conduct: &Conduct<'_>, id: &DeploymentId) -> Result<(), HostError> {
    for (level, _) in (0u32..).zip(&conduct.plan.levels) {
        prepare::run(conduct, id, level).await?;
        switch::run(conduct, id, level).await?;
        verify::level(conduct, id, level).await?;
    }
    verify::environment(conduct).await
}

async fn live(conduct: &Conduct<'_>, id: DeploymentId) -> Ended {
    let leftovers = commit::run(conduct, &id).await;
    tell(conduct, &id, Milestone::AfterCommit).await;
    Ended { id: Some(id), outcome: Outcome::Committed, failure: None, leftovers, stuck: None }
}

async fn undone(conduct: &Conduct<'_>, id: DeploymentId, failure: Failure) -> Ended {
    let (outcome, stuck) = match roll_back::run(conduct, &id, &failure).await {
        Ok(()) => (Outcome::RolledBack, None),
        Err(error) => (Outcome::Undecided, Some(error.to_failure())),
    };
    if outcome == Outcome::RolledBack {
        tell(conduct, &id, Milestone::AfterRollback(failure.clone())).await;
    }
    Ended { id: Some(id), outcome, failure: Some(failure), leftovers: Vec::new(), stuck }
}

/// A failure of what is run afterwards is told, and changes nothing.
async fn tell(conduct: &Conduct<'_>, id: &DeploymentId, milestone: Milestone) {
    if let Err(failure) = conduct.outside.reached(id, milestone).await {
        conduct.note(Note::Warning { failure });
    }
}

fn cancelled() -> Failure {
    Failure::new("cancelled", "the deployment was cancelled").with_help("everything is as it was; deploy again when you like")
}
