//! Undoing what was begun, the last begun first.

use plimsoll_api::{Events, What};
use plimsoll_model::deployment::{Event, Failure, Outcome, Stage};
use plimsoll_model::plan::StepRef;

use super::step::{self, At};
use super::{Deployment, Table};
use crate::trouble::Trouble;

/// How often a step that cannot be undone is tried before a person is asked.
const TRIES: u32 = 3;
/// Time between two tries, in milliseconds.
const PAUSE_MS: u64 = 300;

/// Rolls the deployment back, or goes on with that. When it fails, the deployment stays open and needs a person.
pub(crate) async fn run(deployment: &Deployment, table: &Table, failure: Failure, events: &Events) -> Result<(), Trouble> {
    if !matches!(deployment.stage().await, Stage::RollingBack { .. }) {
        deployment.journal.record(Event::RollingBack { failure }, &[]).await?;
    }
    for at in deployment.journal.to_undo().await {
        undo(deployment, table, &at, events).await?;
    }
    deployment.journal.record(Event::Closed { outcome: Outcome::RolledBack }, &[]).await
}

async fn undo(deployment: &Deployment, table: &Table, at: &StepRef, events: &Events) -> Result<(), Trouble> {
    let mut tried = 0;
    loop {
        match undo_once(deployment, table, at, events).await {
            Ok(()) => return Ok(()),
            Err(failure) if tried + 1 >= TRIES => return Err(needs_person(at, &failure)),
            Err(_) => tried += 1,
        }
        deployment.world.clock.sleep_until(deployment.world.clock.now().plus(PAUSE_MS)).await;
    }
}

async fn undo_once(deployment: &Deployment, table: &Table, at: &StepRef, events: &Events) -> Result<(), Trouble> {
    let step = deployment.step(at).ok_or_else(|| Trouble::new("request-unfit", format!("the plan has no {at}")))?;
    let begun = deployment.world.clock.now();
    deployment.journal.record(Event::Undoing { at: at.clone() }, &[]).await?;
    match step::undo(&At { deployment, table, component: &at.component }, step).await {
        Ok(changes) => {
            deployment.journal.record(Event::Undone { at: at.clone() }, &changes).await?;
            deployment.tell(events, at, step, What::Undone { ms: deployment.world.clock.now().since(begun) });
            Ok(())
        }
        Err(failure) => {
            deployment.journal.record(Event::UndoFailed { at: at.clone(), failure: failure.clone() }, &[]).await?;
            deployment.tell(events, at, step, What::Failed { failure: failure.clone() });
            Err(failure)
        }
    }
}

fn needs_person(at: &StepRef, failure: &Failure) -> Trouble {
    let message = format!("could not undo {at}: {}", failure.message);
    let help = failure.help.clone().unwrap_or_else(|| "remove the cause".into());
    Trouble::new("rollback-incomplete", message).with_help(format!("{help}; then run `plimsoll resume`")).with_output(failure.output.clone())
}
