//! Switches under load: how many requests fail, and how long they take before, during and after.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use super::super::bed::Bed;
use super::super::probe::Probe;
use super::super::row::{Goal, Row};

/// Requests in a second.
const RATE: u32 = 1000;

/// Twenty deployments.
///
/// # Errors
/// As [`under_load`].
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    under_load(bed, 20)
}

/// A thousand deployments.
///
/// # Errors
/// As [`under_load`].
pub fn measure_long(bed: &Bed) -> Result<Vec<Row>, String> {
    under_load(bed, 1000)
}

/// Deploys again and again while the probe runs.
///
/// # Errors
/// When a deployment fails. Failed requests are a row, not an error.
fn under_load(bed: &Bed, switches: usize) -> Result<Vec<Row>, String> {
    let ground = super::deployed_api(bed)?;
    let mut probe = Probe::start(bed, RATE, &ground.url("/api/products"))?;
    probe.window("before")?;
    sleep(Duration::from_secs(5));
    probe.window("during")?;
    for number in 0..switches {
        fs::write(ground.component().join("number"), number.to_string()).map_err(|error| format!("cannot change the release: {error}"))?;
        ground.plimsoll("deploy local")?;
    }
    probe.window("after")?;
    sleep(Duration::from_secs(5));
    let seen = probe.stop()?;
    if seen.count("failed") > 0.0 {
        eprintln!("the first failed request: {}", seen.first_failure());
    }
    let failed = format!("switches: failed of {} requests in {switches} switches", seen.count("sent"));
    let mut rows = vec![Row::new(failed, seen.count("failed"), "requests").goal(Goal::AtMost(0.0))];
    for (what, name) in [("p50_us", "p50"), ("p99_us", "p99"), ("max_us", "max")] {
        let before = seen.latency_ms("before", what);
        rows.extend(
            ["during", "after"]
                .map(|window| Row::new(format!("switches: {name} {window}"), seen.latency_ms(window, what), "ms").against("before", before)),
        );
    }
    Ok(rows)
}
