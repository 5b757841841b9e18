//! Switches under load: how many requests fail, and how long they take before, during and after.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::bed::Bed;
use super::super::probe::{Probe, Seen};
use super::super::row::{Goal, Row};

/// What is told of the requests' latency: as the probe calls it, as we do, and what is to be reached while a deployment is under way.
const LATENCIES: [(&str, &str, Option<Goal>); 3] =
    [("p50_us", "p50", None), ("p99_us", "p99", Some(Goal::RatioAtMost(2.0))), ("max_us", "max", None)];

/// How long it is measured before the first deployment, and after the last.
const ASIDE: Duration = Duration::from_secs(10);

/// Twenty deployments, one after the other.
///
/// # Errors
/// As [`under_load`].
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    under_load(bed, 1000, 20, Duration::ZERO)
}

/// A thousand deployments, two in a second, in a million requests.
///
/// # Errors
/// As [`under_load`].
pub fn measure_long(bed: &Bed) -> Result<Vec<Row>, String> {
    under_load(bed, 2000, 1000, Duration::from_millis(500))
}

/// Deploys again and again, once in `pace` at most, while the probe sends `rate` requests in a second.
///
/// # Errors
/// When a deployment fails. Failed requests are a row, not an error.
fn under_load(bed: &Bed, rate: u32, switches: usize, pace: Duration) -> Result<Vec<Row>, String> {
    let ground = super::deployed_api(bed)?;
    let mut probe = Probe::start(bed, rate, &[ground.url("/api/products")])?;
    // Connections are opened and caches filled.
    sleep(Duration::from_secs(2));
    probe.window("before")?;
    sleep(ASIDE);
    let mut busy = Duration::ZERO;
    for number in 0..switches {
        let began = Instant::now();
        fs::write(ground.component().join("number"), number.to_string()).map_err(|error| format!("cannot change the release: {error}"))?;
        probe.window("during")?;
        ground.plimsoll("deploy local")?;
        probe.window("between")?;
        busy += began.elapsed();
        sleep(pace.saturating_sub(began.elapsed()));
    }
    probe.window("after")?;
    sleep(ASIDE);
    let seen = probe.stop()?;
    if seen.count("failed") > 0.0 {
        eprintln!("the first failed request: {}", seen.first_failure());
    }
    let failed = format!("switches: failed of {} requests in {switches} switches", seen.count("sent"));
    let mut rows = vec![Row::new(failed, seen.count("failed"), "requests").goal(Goal::AtMost(0.0))];
    rows.push(Row::new("switches: one deployment", busy.as_secs_f64() * 1000.0 / switches as f64, "ms"));
    rows.extend(LATENCIES.iter().flat_map(|(what, name, goal)| latencies(&seen, what, name, *goal)));
    Ok(rows)
}

/// While deployments are under way, between them and after them, beside before.
fn latencies(seen: &Seen, what: &str, name: &str, goal: Option<Goal>) -> [Row; 3] {
    let before = seen.latency_ms("before", what);
    let row = |window: &str| Row::new(format!("switches: {name} {window}"), seen.latency_ms(window, what), "ms").against("before", before);
    let during = row("during");
    [goal.map_or(during.clone(), |goal| during.goal(goal)), row("between"), row("after")]
}
