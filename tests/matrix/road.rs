//! How a deployment goes until somebody is killed, and what the driver does to make it go so.

use std::fmt;

use crate::cell::{Spot, Spots};
use crate::gate::Verdict;
use crate::victim::Victim;

/// A way for a deployment to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Road {
    /// It is left to itself, and goes live.
    Live,
    /// It is cancelled when all is switched and verified, and undone.
    Undone,
    /// The proxy waits at a point until the lease was renewed.
    Renewed,
    /// This process has been killed before, when the first route was being switched.
    Again(Victim),
}

/// How far the driver's own doings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing was done yet.
    Begin,
    /// Done, and somebody waits at the gate for what comes of it.
    Waiting,
    /// All is done.
    Over,
}

/// What the driver does itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It looks on.
    Nothing,
    /// It cancels the deployment, as Ctrl-C does.
    Interrupt,
    /// It kills somebody.
    Kill(Victim),
}

impl Road {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Live, Self::Undone, Self::Renewed, Self::Again(Victim::Daemon), Self::Again(Victim::Proxy)];

    /// How far the driver is at the beginning.
    pub fn first_step(self) -> Step {
        if self == Self::Live { Step::Over } else { Step::Begin }
    }

    /// What is to be done when somebody has come to `point`. Nobody but the proxy is made to wait there: its control thread has
    /// nothing else to do, where the daemon's threads may hold what others wait for.
    pub fn step(self, step: Step, point: &str) -> (Doing, Step, Verdict) {
        match (self, step) {
            // The signal is there before it goes on to ask: it is heard first.
            (Self::Undone, Step::Begin) if point == "operator: before verify" => (Doing::Interrupt, Step::Over, Verdict::Go),
            (Self::Renewed, Step::Begin) if point == "proxy: before table" => (Doing::Nothing, Step::Waiting, Verdict::Stay),
            (Self::Renewed, Step::Waiting) if point == "host: after renewed" => (Doing::Nothing, Step::Over, Verdict::AllGo),
            (Self::Again(victim), Step::Begin) if point == first_kill(victim) => (Doing::Kill(victim), Step::Over, Verdict::AllGo),
            (_, step) => (Doing::Nothing, step, Verdict::Go),
        }
    }

    /// Which of all the spots that a deployment comes to on it are not on the road before it, nor depend on the time.
    pub fn own(self, spots: &Spots) -> Spots {
        let at = |point: &str| spots.iter().position(|(spot, _)| spot.point == point).unwrap_or(spots.len());
        let last = |point: &str| spots.iter().rposition(|(spot, _)| spot.point == point).unwrap_or(spots.len());
        let (from, to) = match self {
            Self::Live => (0, spots.len()),
            Self::Undone => (at("operator: before roll back"), spots.len()),
            Self::Renewed => (at("operator: before renew"), at("host: after renewed") + 1),
            Self::Again(victim) => (at(first_kill(victim)) + 1, last("operator: after switch level 1") + 1),
        };
        let depends_on_time = |spot: &Spot| spot.point.contains(" renew");
        // A deployment that came too late for its lease has left the road before it was there.
        let there = spots.get(from..to).unwrap_or_default();
        there.iter().filter(|(spot, _)| depends_on_time(spot) == (self == Self::Renewed)).cloned().collect()
    }
}

fn first_kill(victim: Victim) -> &'static str {
    match victim {
        Victim::Proxy => "proxy: table written, not served",
        _ => "host: before done level 1 backend switch step 1",
    }
}

impl fmt::Display for Road {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("going live"),
            Self::Undone => f.write_str("being undone"),
            Self::Renewed => f.write_str("renewing its lease"),
            Self::Again(victim) => write!(f, "after the {victim} was killed"),
        }
    }
}
