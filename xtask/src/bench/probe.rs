//! The probe in a process of its own, so that what it costs is not counted for what it measures.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::bed::Bed;

/// A running probe.
pub struct Probe(Child);

/// What it saw.
pub struct Seen(Value);

impl Probe {
    /// Sends `rate` requests in a second to `urls` in turn, half of them on kept-alive connections. Where the system allows it (for root, as a
    /// rule), it goes before everything else on the machine: a client elsewhere would not wait for our processors either.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(bed: &Bed, rate: u32, urls: &[String]) -> Result<Self, String> {
        let mut command = first_of_all(&bed.probe);
        command.arg(rate.to_string()).args(urls).arg("--fresh").args(urls).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().map(Self).map_err(|error| format!("cannot run the probe: {error}"))
    }

    /// From now on a window of this name is measured.
    ///
    /// # Errors
    /// When the probe is gone.
    pub fn window(&mut self, name: &str) -> Result<(), String> {
        let stdin = self.0.stdin.as_mut().ok_or("the probe takes no input")?;
        writeln!(stdin, "{name}").map_err(|error| format!("the probe is gone: {error}"))
    }

    /// Ends it.
    ///
    /// # Errors
    /// When it did not report.
    pub fn stop(self) -> Result<Seen, String> {
        let output = self.0.wait_with_output().map_err(|error| format!("the probe is gone: {error}"))?;
        serde_json::from_slice(&output.stdout).map(Seen).map_err(|error| format!("the probe printed no JSON: {error}"))
    }
}

/// Runs `program` at a real-time priority, if that is allowed.
fn first_of_all(program: &Path) -> Command {
    const PRIORITY: [&str; 2] = ["--fifo", "10"];
    let allowed = Command::new("chrt").args(PRIORITY).arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !allowed {
        return Command::new(program);
    }
    let mut command = Command::new("chrt");
    command.args(PRIORITY).arg(program);
    command
}

impl Seen {
    /// `sent` or `failed`.
    pub fn count(&self, what: &str) -> f64 {
        self.0["report"][what].as_f64().unwrap_or(f64::NAN)
    }

    /// `p50_us`, `p99_us` or `max_us` of a window, in milliseconds.
    pub fn latency_ms(&self, window: &str, what: &str) -> f64 {
        let windows = self.0["windows"].as_array().map(Vec::as_slice).unwrap_or_default();
        let found = windows.iter().find(|told| told["name"] == window);
        found.and_then(|told| told["latency"][what].as_f64()).map_or(f64::NAN, |us| us / 1000.0)
    }

    /// The first failure, in words; empty when there is none.
    pub fn first_failure(&self) -> String {
        self.0["report"]["failures"].get(0).map(ToString::to_string).unwrap_or_default()
    }
}
