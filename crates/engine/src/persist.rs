//! Asking a host until it has answered: what may be repeated is, so a broken connection is no reason to give up at once.

use std::time::Duration;

use plimsoll_api::{HostApi, HostError, Order, Report};
use plimsoll_model::{DeploymentId, HostName};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::conduct::{Conduct, Note};

/// First pause after a broken connection, in milliseconds; doubled each time.
const FIRST_PAUSE_MS: u64 = 50;
/// Longest pause, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 1_000;

/// How long is asked again at least, once an answer did not come.
const AFTERWARDS: Duration = Duration::from_secs(2);

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
    let waiting = |why: &str| conduct.note(Note::Waiting { host: name.clone(), why: why.to_owned() });
    again(Duration::from_millis(conduct.plan.lease_ms), question, waiting).await
}

/// Asks again until `patience` is over, and for a while after the first answer that did not come: the host may have been at work on it for longer than that.
async fn again<T, F>(patience: Duration, question: impl Fn() -> F, waiting: impl Fn(&str)) -> Result<T, HostError>
where
    F: Future<Output = Result<T, HostError>>,
{
    let begun = Instant::now();
    let (mut end, mut pause_ms) = (None, FIRST_PAUSE_MS);
    loop {
        let answer = question().await;
        let Err(HostError::Unreachable { why, .. }) = &answer else { return answer };
        let now = Instant::now();
        if now >= *end.get_or_insert((begun + patience).max(now + patience.min(AFTERWARDS))) {
            return answer;
        }
        waiting(why);
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    fn lost() -> HostError {
        HostError::unreachable(HostName::local(), "cut", "wait")
    }

    #[tokio::test(start_paused = true)]
    async fn what_broke_off_after_long_work_is_asked_again() {
        let asked = Cell::new(0);
        let question = || async {
            asked.set(asked.get() + 1);
            tokio::time::sleep(60 * PATIENCE).await;
            if asked.get() == 1 { Err(lost()) } else { Ok(()) }
        };
        again(PATIENCE, question, |_| {}).await.unwrap();
        assert_eq!(asked.get(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_stays_away_is_given_up() {
        let (begun, told) = (Instant::now(), Cell::new(0));
        let answer: Result<(), HostError> = again(PATIENCE, || async { Err(lost()) }, |_| told.set(told.get() + 1)).await;
        assert_eq!((answer.unwrap_err(), told.get() > 3), (lost(), true));
        assert!((PATIENCE..2 * PATIENCE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    }
}
