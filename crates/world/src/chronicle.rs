//! What happened in a simulated world: its time, its story, its faults by kind, and what happened that never may.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use plimsoll_model::time::Moment as Time;
use tokio::time::Instant;

use super::protocol::Protocol;

/// The moment at which simulated worlds begin when nothing else is said, in milliseconds since 1970.
const BEGINNING_MS: i64 = 1_700_000_000_000;

/// What is written down of one world. Clones are the same chronicle.
#[derive(Clone, Default)]
pub struct Chronicle(Arc<Mutex<Pages>>);

/// Something that happened and never may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which of the promises it breaks.
    pub invariant: Invariant,
    /// What happened, and where.
    pub what: String,
}

/// What always holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// At rest, all hosts are as the last decision says.
    AtRest,
    /// A route that is switched leads to what answers, and nothing behind a route is taken away.
    Route,
    /// Nothing happens that no step of an open deployment asked for.
    Plan,
    /// A plan for another state is refused.
    Stale,
    /// The journal is what the protocol allows, on each host and over all of them.
    Protocol,
    /// A lease holds as long as it is renewed, and no longer.
    Lease,
    /// Nothing is left over.
    Leftover,
    /// Components and batches follow each other.
    Order,
    /// What was reported is what happened.
    Report,
    /// What nothing disturbs succeeds, and what was cut off can be settled.
    Progress,
}

/// Writes of what was told, when nobody reads it, are spared.
struct Pages {
    /// When it began, by a right clock.
    beginning: Time,
    epoch: Instant,
    story: Option<Vec<String>>,
    violations: Vec<Violation>,
    counts: BTreeMap<&'static str, u64>,
    protocol: Protocol,
}

impl Default for Pages {
    fn default() -> Self {
        Self {
            beginning: Time(BEGINNING_MS),
            epoch: Instant::now(),
            story: None,
            violations: Vec::new(),
            counts: BTreeMap::new(),
            protocol: Protocol::default(),
        }
    }
}

impl Chronicle {
    /// One that also keeps the story, step by step.
    #[must_use]
    pub fn telling() -> Self {
        let chronicle = Self::default();
        chronicle.pages().story = Some(Vec::new());
        chronicle
    }

    /// One of a world that begins at this time.
    #[must_use]
    pub fn from(beginning: Time) -> Self {
        let chronicle = Self::default();
        chronicle.pages().beginning = beginning;
        chronicle
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().expect("no one panics while holding it")
    }

    /// Milliseconds since the world began.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.pages().epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// What a right clock shows.
    #[must_use]
    pub fn now(&self) -> Time {
        let beginning = self.pages().beginning;
        beginning.plus(self.now_ms())
    }

    /// Tells what `who` did, when someone listens.
    pub fn tell(&self, who: impl std::fmt::Display, what: impl FnOnce() -> String) {
        let now = self.now_ms();
        if let Some(story) = &mut self.pages().story {
            story.push(format!("{now:>8} ms  {who}: {}", what()));
        }
    }

    /// The story so far.
    #[must_use]
    pub fn story(&self) -> Vec<String> {
        self.pages().story.clone().unwrap_or_default()
    }

    /// Counts something that happened.
    pub fn count(&self, kind: &'static str) {
        *self.pages().counts.entry(kind).or_default() += 1;
    }

    /// How often each kind of thing happened.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.pages().counts.clone()
    }

    /// Notes that something happened that never may.
    pub fn violated(&self, invariant: Invariant, what: impl Into<String>) {
        let what = what.into();
        self.tell("VIOLATION", || format!("{invariant:?}: {what}"));
        self.pages().violations.push(Violation { invariant, what });
    }

    /// All that happened and never may.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.pages().violations.clone()
    }

    /// Whether nothing happened that never may.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.pages().violations.is_empty()
    }

    /// Asks what all hosts together have recorded.
    pub fn protocol<T>(&self, ask: impl FnOnce(&Protocol) -> T) -> T {
        ask(&self.pages().protocol)
    }

    /// Lets the protocol see a record; what it objects to is noted.
    pub(super) fn judge(&self, look: impl FnOnce(&mut Protocol) -> Vec<Violation>) {
        let found = look(&mut self.pages().protocol);
        found.into_iter().for_each(|Violation { invariant, what }| self.violated(invariant, what));
    }
}
