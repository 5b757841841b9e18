//! What is left to do after the decision. Nothing is undone any more: what fails is tried again, and reported.

use futures_util::future::try_join_all;
use plimsoll_api::Events;
use plimsoll_model::deployment::{Event, Failure, Outcome, StepState};
use plimsoll_model::plan::{Phase, Step, StepRef};

use super::{Deployment, Table, phase};
use crate::trouble::Trouble;

/// How often a commit step is tried.
const TRIES: u32 = 3;
/// Time between two tries, in milliseconds.
const PAUSE_MS: u64 = 300;

/// Does the commit steps, components side by side, and closes the deployment. Answers what did not work after all tries.
///
/// Databases come last: what a schema loses is in use until the slots that knew of it have stopped.
pub(crate) async fn run(deployment: &Deployment, table: &Table, events: &Events) -> Result<Vec<Failure>, Trouble> {
    let steps = deployment.stored.plan.steps(&deployment.stored.host).filter(|(at, _)| at.phase == Phase::Commit);
    let mut components: Vec<Vec<(StepRef, &Step)>> = Vec::new();
    for (at, step) in steps {
        match components.iter_mut().find(|steps| steps[0].0.component == at.component && steps[0].0.level == at.level) {
            Some(steps) => steps.push((at, step)),
            None => components.push(vec![(at, step)]),
        }
    }
    let migrates = |steps: &[(StepRef, &Step)]| steps.iter().any(|(_, step)| matches!(step, Step::Migrate { .. } | Step::RunTool(_)));
    let (databases, programs): (Vec<_>, Vec<_>) = components.into_iter().partition(|steps| migrates(steps));
    let mut leftovers = Vec::new();
    for turn in [programs, databases] {
        leftovers.extend(try_join_all(turn.iter().map(|steps| component(deployment, table, steps, events))).await?);
    }
    deployment.journal.record(Event::Closed { outcome: Outcome::Committed }, &[]).await?;
    Ok(leftovers.into_iter().flatten().collect())
}

async fn component(deployment: &Deployment, table: &Table, steps: &[(StepRef, &Step)], events: &Events) -> Result<Vec<Failure>, Trouble> {
    let mut leftovers = Vec::new();
    for (at, _) in steps {
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
