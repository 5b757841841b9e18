//! A deployment, from its first step to how it ended.

use plimsoll_api::{HostError, Order};
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::{Failure, Outcome};

use crate::conduct::{Conduct, Ended, Milestone, Note};
use crate::phases::{commit, open, prepare, roll_back, seal, switch, verify};
use crate::recover::Decision;
use crate::{lease, persist, recover};

/// Executes a plan: it ends fully live, or as if it had never begun.
///
/// # Errors
/// When a host refused to begin: then nothing has happened. What fails later is in [`Ended`].
pub async fn run(conduct: &Conduct<'_>) -> Result<Ended, HostError> {
    if conduct.plan.is_empty() {
        return Ok(Ended { id: None, outcome: Outcome::Unchanged, failure: None, leftovers: Vec::new(), stuck: None });
    }
    let id = open::run(conduct).await?;
    if let Err(error) = lease::keep(conduct, &id, forward(conduct, &id)).await {
        return Ok(undone(conduct, id, error.to_failure()).await);
    }
    match lease::keep(conduct, &id, seal::decide(conduct, &id)).await {
        Ok(()) => Ok(live(conduct, id).await),
        Err(error) => Ok(unheard(conduct, id, error.to_failure()).await),
    }
}

/// All that can be undone on every host at once: nobody has asked for a decision yet.
async fn forward(conduct: &Conduct<'_>, id: &DeploymentId) -> Result<(), HostError> {
    tokio::select! {
        biased;
        () = conduct.cancel.cancelled() => return Err(HostError::Failed(cancelled())),
        verified = levels(conduct, id) => verified?,
    }
    seal::others(conduct, id).await
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
    if let Err(error) = roll_back::run(conduct, &id, &failure).await {
        return undecided(id, failure, error.to_failure());
    }
    tell(conduct, &id, Milestone::AfterRollback(failure.clone())).await;
    Ended { id: Some(id), outcome: Outcome::RolledBack, failure: Some(failure), leftovers: Vec::new(), stuck: None }
}

/// The decision was asked for, and what became of it was not heard: it may have been taken, or be taken yet. So the home host is the
/// first to roll back. Only when it does, the others may.
async fn unheard(conduct: &Conduct<'_>, id: DeploymentId, failure: Failure) -> Ended {
    let order = Order::RollBack { failure: failure.clone() };
    let withdrawn = persist::order(conduct, &conduct.fleet.home, conduct.fleet.home(), &id, order).await.map(drop);
    match recover::decision(conduct.fleet, &conduct.plan.key, &id).await {
        Ok(Decision::Taken) => live(conduct, id).await,
        Ok(Decision::Withdrawn) => undone(conduct, id, failure).await,
        Ok(Decision::Open) => undecided(id, failure.clone(), withdrawn.err().map_or(failure, |error| error.to_failure())),
        Err(error) => undecided(id, failure, error.to_failure()),
    }
}

fn undecided(id: DeploymentId, failure: Failure, stuck: Failure) -> Ended {
    Ended { id: Some(id), outcome: Outcome::Undecided, failure: Some(failure), leftovers: Vec::new(), stuck: Some(stuck) }
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
