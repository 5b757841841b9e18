//! The daemon and the proxy with one deployed component and nothing to do.

use std::thread::sleep;
use std::time::Duration;

use super::super::bed::Bed;
use super::super::process::{self, WakeUps};
use super::super::row::{Goal, Row};

/// How long they are watched, in seconds.
const WATCHED_S: u32 = 10;

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
    let (keepers, both): (Vec<u32>, Vec<u32>) = serving.iter().partition(|pid| role(**pid) == "keeper");
    let before = WakeUps::so_far(&serving);
    sleep(Duration::from_secs(WATCHED_S.into()));
    let woken = WakeUps::so_far(&serving).since(&before);
    let mut rows = vec![
        Row::new("daemon and proxy idle: memory", process::resident_mb(&both), "MB").goal(Goal::AtMost(40.0)),
        Row::new("daemon, proxy and keepers idle: wake-ups", woken / f64::from(WATCHED_S), "1/s").goal(Goal::AtMost(5.0)),
    ];
    rows.extend(both.iter().map(|pid| Row::new(format!("{} idle: memory", role(*pid)), process::resident_mb(&[*pid]), "MB")));
    let largest = keepers.iter().map(|pid| process::own_mb(*pid)).fold(0.0, f64::max);
    rows.push(Row::new(format!("the largest of {} keepers: memory of its own", keepers.len()), largest, "MB"));
    Ok(rows)
}

/// What a process of `plimsoll` is: the words of its command line between the program and what is given to it.
fn role(pid: u32) -> String {
    let command_line = process::command_line(pid);
    let words: Vec<&str> = command_line.split(' ').skip(1).take_while(|word| !word.starts_with(['-', '/'])).collect();
    words.join(" ")
}
