//! The daemon and the proxy with one deployed component and nothing to do.

use std::thread::sleep;
use std::time::Duration;

use super::super::bed::Bed;
use super::super::process;
use super::super::row::{Goal, Row};

/// How long they are watched, in seconds.
const WATCHED_S: u64 = 10;

/// Measures their memory and how often they wake up.
///
/// # Errors
/// When the deployment fails, or nothing serves after it.
pub fn measure(bed: &Bed) -> Result<Vec<Row>, String> {
    let ground = super::deployed_api(bed)?;
    // What a deployment leaves to do is done by then.
    sleep(Duration::from_secs(5));
    let serving = ground.serving();
    if serving.is_empty() {
        return Err("no process of plimsoll serves the benchmark's home".into());
    }
    let before = process::wake_ups(&serving);
    sleep(Duration::from_secs(WATCHED_S));
    let woken = process::wake_ups(&serving) - before;
    let mut rows = vec![
        Row::new("idle: memory of all processes", process::resident_mb(&serving), "MB").goal(Goal::AtMost(40.0)),
        Row::new("idle: wake-ups", woken / f64::from(u32::try_from(WATCHED_S).unwrap_or(u32::MAX)), "1/s"),
    ];
    rows.extend(serving.iter().map(|pid| {
        let command_line = process::command_line(*pid);
        let words: Vec<&str> = command_line.split(' ').skip(1).take(2).collect();
        Row::new(format!("idle: memory of `{}`", words.join(" ")), process::resident_mb(&[*pid]), "MB")
    }));
    Ok(rows)
}
