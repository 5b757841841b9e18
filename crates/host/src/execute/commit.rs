//! What is left to do after the decision. Nothing is undone any more: what fails is tried again, and reported.

use futures_util::future::try_join_all;
use plimsoll_api::Events;
use plimsoll_model::deployment::{Event, Failure, Outcome, StepState};
use plimsoll_model::plan::{Phase, StepRef};

use super::{Deployment, Table, phase};
use crate::trouble::Trouble;

/// How often a commit step is tried.
const TRIES: u32 = 3;
/// Time between two tries, in milliseconds.
const PAUSE_MS: u64 = 300;

/// Does the commit steps, components side by side, and closes the deployment. Answers what did not work after all tries.
pub(crate) async fn run(deployment: &Deployment, table: &Table, events: &Events) -> Result<Vec<Failure>, Trouble> {
    let steps: Vec<StepRef> =
        deployment.stored.plan.steps(&deployment.stored.host).map(|(at, _)| at).filter(|at| at.phase == Phase::Commit).collect();
    let mut components: Vec<Vec<StepRef>> = Vec::new();
    for at in steps {
        match components.iter_mut().find(|steps| steps[0].component == at.component && steps[0].level == at.level) {
            Some(steps) => steps.push(at),
            None => components.push(vec![at]),
        }
    }
    let leftovers = try_join_all(components.iter().map(|steps| component(deployment, table, steps, events))).await?;
    deployment.journal.record(Event::Closed { outcome: Outcome::Committed }, &[]).await?;
    Ok(leftovers.into_iter().flatten().collect())
}

async fn component(deployment: &Deployment, table: &Table, steps: &[StepRef], events: &Events) -> Result<Vec<Failure>, Trouble> {
    let mut leftovers = Vec::new();
    for at in steps {
        if deployment.journal.step(at).await != Some(StepState::Done) {
            leftovers.extend(persist(deployment, table, at, events).await?);
        }
    }
    Ok(leftovers)
}

/// Tries one step until it works or has been tried enough. Only trouble with the journal itself is an error.
async fn persist(deployment: &Deployment, table: &Table, at: &StepRef, events: &Events) -> Result<Option<Failure>, Trouble> {
    for tried in 1.. {
        let Err(failure) = phase::one(deployment, table, at, events).await else { return Ok(None) };
        if deployment.journal.step(at).await != Some(StepState::Failed) {
            return Err(failure);
        }
        if tried >= TRIES {
            return Ok(Some(failure));
        }
        deployment.world.clock.sleep_until(deployment.world.clock.now().plus(PAUSE_MS)).await;
    }
    unreachable!("the loop ends by returning")
}
