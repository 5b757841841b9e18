//! Asking a host until it has answered: what may be repeated is, so a broken connection is no reason to give up at once.

use std::time::Duration;

use plimsoll_api::{HostApi, HostError, Order, Report};
use plimsoll_model::{DeploymentId, HostName};
use tokio::sync::mpsc;

use crate::conduct::{Conduct, Note};

/// First pause after a broken connection, in milliseconds; doubled each time.
const FIRST_PAUSE_MS: u64 = 50;
/// Longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 1_000;

/// Gives an order to a host, again while the host cannot be reached, for as long as a lease lasts.
pub(crate) async fn order(conduct: &Conduct<'_>, name: &HostName, host: &dyn HostApi, id: &DeploymentId, order: Order) -> Result<Report, HostError> {
    ask(conduct, name, || async {
        plimsoll_crashpoint::reach!("operator: before {order}");
        let answer = once(conduct, name, host, id, order.clone()).await;
        plimsoll_crashpoint::reach!("operator: after {order}");
        answer
    })
    .await
}

/// Asks a host anything that may be repeated, again while it cannot be reached, for as long as a lease lasts.
pub(crate) async fn ask<T, F>(conduct: &Conduct<'_>, name: &HostName, question: impl Fn() -> F) -> Result<T, HostError>
where
    F: Future<Output = Result<T, HostError>>,
{
    let end = tokio::time::Instant::now() + Duration::from_millis(conduct.plan.lease_ms);
    let mut pause_ms = FIRST_PAUSE_MS;
    loop {
        let answer = question().await;
        let Err(HostError::Unreachable { why, .. }) = &answer else { return answer };
        if tokio::time::Instant::now() >= end {
            return answer;
        }
        conduct.note(Note::Waiting { host: name.clone(), why: why.clone() });
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        pause_ms = (pause_ms * 2).min(LONGEST_PAUSE_MS);
    }
}

async fn once(conduct: &Conduct<'_>, name: &HostName, host: &dyn HostApi, id: &DeploymentId, order: Order) -> Result<Report, HostError> {
    let (sender, mut events) = mpsc::unbounded_channel();
    let pass_on = |event| conduct.note(Note::Step { host: name.clone(), event });
    let asked = host.order(id, order, sender);
    tokio::pin!(asked);
    // The answer ends it: a host that died may never let go of the other end of the channel.
    let answer = loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => pass_on(event),
            answer = &mut asked => break answer,
        }
    };
    while let Ok(event) = events.try_recv() {
        pass_on(event);
    }
    answer
}
