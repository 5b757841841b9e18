//! Waiting until something serves.

use std::net::{Ipv4Addr, SocketAddr};

use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::route::Match;
use plimsoll_model::{Digest, EnvironmentKey};

use crate::ledger::SlotRow;
use crate::probe::Page;
use crate::trouble::Trouble;
use crate::world::World;

/// The pause after the first try, in milliseconds: most programs need just a moment.
const FIRST_PAUSE_MS: u64 = 5;
/// How many lines of its output a failed slot is shown with.
const OUTPUT_LINES: u32 = 20;

/// Waits until a slot is healthy. Fails as soon as its program ends, and after `within_ms`.
pub(crate) async fn await_healthy(world: &World, row: &SlotRow, check: &HealthCheck, within_ms: u64) -> Result<(), Trouble> {
    let waited = async {
        if let Question::StaysUp { for_ms } = check.question {
            world.clock.sleep_until(world.clock.now().plus(for_ms)).await;
        }
        until_well(world, row, check, within_ms).await
    };
    let waited = tokio::select! {
        biased;
        ended = world.supervisor.ended(&row.key, &row.slot) => Err(exited(row, &ended.how)),
        healthy = waited => healthy,
    };
    match waited {
        Ok(()) => Ok(()),
        Err(failure) => Err(failure.with_output(world.supervisor.output(&row.key, &row.slot, OUTPUT_LINES).await)),
    }
}

/// Waits until a slot is well, also when its program ends and is started again meanwhile.
pub(crate) async fn until_well(world: &World, row: &SlotRow, check: &HealthCheck, within_ms: u64) -> Result<(), Trouble> {
    let tried = retry(world, check.interval_ms, within_ms, || well(world, row, check));
    tried.await.map_err(|why| {
        let message = format!("slot {} of {} did not get healthy within {} ms: {}: {why}", row.slot, row.key, within_ms, asked(check));
        Trouble::new("slot-unhealthy", message)
            .with_help("see its output; check that it listens on the port in PORT and answers its health check, or raise start_timeout")
    })
}

fn asked(check: &HealthCheck) -> String {
    match &check.question {
        Question::Http { path } => format!("GET {path}"),
        Question::Connect => "connecting to its port".into(),
        Question::StaysUp { for_ms } => format!("staying up for {for_ms} ms"),
    }
}

fn exited(row: &SlotRow, how: &str) -> Trouble {
    Trouble::new("slot-exited", format!("the program of slot {} of {} ended before it was healthy: {how}", row.slot, row.key))
        .with_help("see its output; run the same command by hand in the release's folder")
}

/// Asks a slot's health check once.
pub(crate) async fn well(world: &World, row: &SlotRow, check: &HealthCheck) -> Result<(), String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, row.port));
    match &check.question {
        Question::Http { path } => {
            let page = Page { address, host: &format!("127.0.0.1:{}", row.port), path, certificate: None };
            judge_status(world.prober.get(&page, check.timeout_ms).await?, 200..300)
        }
        Question::Connect => world.prober.connect(address, check.timeout_ms).await,
        Question::StaysUp { .. } => {
            let running = world.supervisor.look(&row.key, &row.slot).await.map_err(|trouble| trouble.message)?;
            running.pid.map(drop).ok_or_else(|| "its program does not run".into())
        }
    }
}

/// What is asked of a route.
pub(crate) struct Asked<'a> {
    pub(crate) matches: &'a Match,
    pub(crate) path: &'a str,
    /// The certificate that it has to show, when it speaks TLS.
    pub(crate) certificate: Option<Digest>,
}

/// Asks through a route, as a client would, until it answers well.
pub(crate) async fn check_route(world: &World, key: &EnvironmentKey, asked: &Asked<'_>, within_ms: u64) -> Result<(), Trouble> {
    let Asked { matches, path, certificate } = *asked;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, matches.port));
    let page = Page { address, host: matches.host.as_deref().unwrap_or("localhost"), path, certificate };
    let ask = || async { judge_status(world.prober.get(&page, within_ms).await?, 200..400) };
    retry(world, 500, within_ms, ask).await.map_err(|why| {
        Trouble::new("route-unhealthy", format!("the route of {key} on port {} does not answer GET {path}: {why}", matches.port))
            .with_help("the slot itself is healthy: check the route's host, path and strip_prefix")
    })
}

fn judge_status(status: u16, good: std::ops::Range<u16>) -> Result<(), String> {
    if good.contains(&status) { Ok(()) } else { Err(format!("status {status}")) }
}

/// Tries until it works or the time is over: soon again at first, then with pauses of up to `interval_ms`.
async fn retry<F: Future<Output = Result<(), String>>>(world: &World, interval_ms: u64, within_ms: u64, ask: impl Fn() -> F) -> Result<(), String> {
    let end = world.clock.sleep_until(world.clock.now().plus(within_ms));
    tokio::pin!(end);
    let mut pause_ms = FIRST_PAUSE_MS.min(interval_ms.max(1));
    let mut last = "it was not asked yet".to_owned();
    loop {
        tokio::select! {
            biased;
            answer = ask() => match answer { Ok(()) => return Ok(()), Err(why) => last = why },
            () = &mut end => return Err(last),
        }
        tokio::select! {
            biased;
            () = &mut end => return Err(last),
            () = world.clock.sleep_until(world.clock.now().plus(pause_ms)) => {}
        }
        pause_ms = (pause_ms * 3 / 2 + 1).min(interval_ms.max(1));
    }
}
