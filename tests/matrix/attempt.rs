//! A deployment that somebody meddles with, and all that has to hold afterwards, whatever was done to whom.

use std::time::{Duration, Instant};

use plimsoll_testkit::fixtures::Ran;
use plimsoll_testkit::probe::Probe;

use crate::rest;
use crate::scene::{Record, Scene};
use crate::toll::{self, Toll};

/// How long a deployment stays claimed that is meddled with.
pub const LEASE: Duration = Duration::from_secs(1);

/// A deployment about to begin.
pub struct Attempt {
    probe: Probe,
    before: Record,
    old: &'static str,
    next: &'static str,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// From the last kill until all was at rest.
    pub rest: Duration,
    /// Requests in all.
    pub sent: u64,
    /// Requests that were inside a process that was killed.
    pub inside: u64,
    /// Whether there was somebody to meddle with.
    pub hit: bool,
    /// The command could not reach the host, and began nothing.
    pub unreached: bool,
}

impl Attempt {
    /// Lets requests flow, and makes another version the next to be deployed.
    pub fn new(scene: &Scene) -> Self {
        let lease = format!("{}ms", LEASE.as_millis());
        Self { probe: scene.probe(), before: scene.last(), old: scene.serving(), next: scene.turn(&lease) }
    }

    /// Judges all of it, when the command has ended and nothing is left to be settled; and that the next deployment goes well.
    ///
    /// # Panics
    /// When anything does not hold that should.
    pub fn finish(self, scene: &mut Scene, ended: Option<&Ran>, tolls: &[Toll], of: &str) -> Outcome {
        let begun = Instant::now();
        let record = scene.last();
        let outcome = if record == self.before { "none" } else { record.outcome.as_str() };
        judge_report(ended, outcome, of);
        let version = match outcome {
            "committed" => self.next,
            "rolled_back" | "none" => self.old,
            other => panic!("{of}: it is {other} at rest"),
        };
        rest::awaited(scene, version, of);
        let rest = tolls.last().map_or(begun, |toll| toll.ended).elapsed();
        scene.serves(version);
        scene.gate.open();
        scene.deploy();
        rest::awaited(scene, scene.serving(), &format!("{of}, after the next deployment"));
        if let Err(why) = rest::judge_clean(scene) {
            panic!("{of}: after the next deployment: {why}");
        }
        let (sent, inside) = toll::judge(self.probe, tolls, of);
        let unreached = ended.is_some_and(|ended| ended.code == Some(4));
        Outcome { rest, sent, inside, hit: !tolls.is_empty(), unreached }
    }
}

/// What the command said must be what has happened.
///
/// # Panics
/// When it is not.
pub fn judge_report(ended: Option<&Ran>, outcome: &str, of: &str) {
    let Some(ended) = ended else { return };
    let told = (ended.code, ended.detail("/deployment/outcome"));
    let is_true = match &told {
        (Some(0), told) => told == outcome && outcome == "committed",
        (Some(1), told) => (told == outcome && outcome == "rolled_back") || (told.is_null() && outcome != "committed"),
        // A host that was killed before anything was begun cannot be reached.
        (Some(4), told) => told.is_null() && outcome == "none",
        _ => false,
    };
    assert!(is_true, "{of}: it is {outcome}, and the command said {told:?}: {} {}", ended.stdout, ended.stderr);
}
