//! One phase of one level: components side by side, the steps of each in their order.

use futures_util::future::try_join_all;
use plimsoll_api::{Events, What};
use plimsoll_model::deployment::{Event, StepState};
use plimsoll_model::plan::{Phase, StepRef, Work};

use super::step::{self, At};
use super::{Deployment, Table};
use crate::trouble::Trouble;

/// Does what the plan has for this host in `phase` of `level`. Steps that are done already are left as they are.
/// The first failure stops all: what was cut off by it counts as begun, and is undone with the rest.
pub(crate) async fn run(deployment: &Deployment, table: &Table, level: u32, phase: Phase, events: &Events) -> Result<(), Trouble> {
    let host = deployment.stored.host.clone();
    let Some(work) = deployment.stored.plan.part(&host).nth(level as usize) else {
        return Err(Trouble::new("request-unfit", format!("the plan has no level {}", u64::from(level) + 1)));
    };
    try_join_all(work.iter().map(|work| component(deployment, table, level, phase, work, events))).await.map(drop)
}

async fn component(deployment: &Deployment, table: &Table, level: u32, phase: Phase, work: &Work, events: &Events) -> Result<(), Trouble> {
    for (index, _) in (0u32..).zip(work.steps.of(phase)) {
        let at = StepRef { level, phase, component: work.component.clone(), index };
        if deployment.journal.step(&at).await != Some(StepState::Done) {
            one(deployment, table, &at, events).await?;
        }
    }
    Ok(())
}

/// Does one step: intent, effect, done.
pub(crate) async fn one(deployment: &Deployment, table: &Table, at: &StepRef, events: &Events) -> Result<(), Trouble> {
    let step = deployment.step(at).ok_or_else(|| Trouble::new("request-unfit", format!("the plan has no {at}")))?;
    let place = At { deployment, table, component: &at.component };
    let begun = deployment.world.clock.now();
    let ports = table.ports.lock().await;
    let intended = step::intend(&place, step).await?;
    deployment.journal.record(Event::Intended { at: at.clone() }, &intended).await?;
    drop(ports);
    deployment.tell(events, at, step, What::Begun);
    match step::apply(&place, step).await {
        Ok(changes) => {
            deployment.journal.record(Event::Done { at: at.clone() }, &changes).await?;
            deployment.tell(events, at, step, What::Done { ms: deployment.world.clock.now().since(begun) });
            Ok(())
        }
        Err(failure) => {
            deployment.journal.record(Event::Failed { at: at.clone(), failure: failure.clone() }, &[]).await?;
            deployment.tell(events, at, step, What::Failed { failure: failure.clone() });
            Err(failure)
        }
    }
}
