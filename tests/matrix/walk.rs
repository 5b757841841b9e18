//! Doing many things of a kind, side by side in some homes, and what all of it came to.

use std::any::Any;
use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::attempt::Outcome;

/// In how many homes at once. Much of the time is spent waiting.
const HOMES: usize = 3;

/// After how many failures it is clear that something is wrong.
const ENOUGH: usize = 10;

/// What it came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Whether each is told of.
    tells: bool,
    /// How many went well, with somebody hit.
    hits: usize,
    /// Those in which nobody was hit.
    missed: Vec<String>,
    /// In how many the command could not reach the host, and began nothing.
    unreached: usize,
    /// Requests sent.
    sent: u64,
    /// Requests that were inside of somebody who was killed.
    inside: u64,
    /// The longest time to rest, and where.
    longest: (Duration, String),
    /// What did not hold.
    failures: Vec<String>,
}

/// Homes to do it in, all made at once.
pub fn homes<S: Send>(anew: impl Fn() -> S + Sync) -> Vec<S> {
    std::thread::scope(|scope| {
        let made: Vec<_> = (0..HOMES).map(|_| scope.spawn(&anew)).collect();
        made.into_iter().map(|made| made.join().expect("a home can be made")).collect()
    })
}

/// Does each of `jobs` in one of `homes`, or one made anew where something failed; tells how each ended when it `tells`, and of failures in any case.
pub fn all<J: Display + Send + Sync, S: Send>(
    jobs: &[J],
    homes: Vec<S>,
    anew: impl Fn() -> S + Sync,
    tells: bool,
    work: impl Fn(&mut S, &J) -> Outcome + Sync,
) -> Tally {
    let (queue, tally) = (Mutex::new(jobs.iter()), Mutex::new(Tally { tells, ..Tally::default() }));
    std::thread::scope(|scope| {
        for home in homes {
            scope.spawn(|| in_one(home, &queue, &tally, &anew, &work));
        }
    });
    tally.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn in_one<J: Display, S>(
    mut home: S,
    queue: &Mutex<std::slice::Iter<'_, J>>,
    tally: &Mutex<Tally>,
    anew: &impl Fn() -> S,
    work: &impl Fn(&mut S, &J) -> Outcome,
) {
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    while let Some(job) = next() {
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut home, job)));
        let failed = outcome.is_err();
        let enough = tally.lock().unwrap_or_else(PoisonError::into_inner).add(job, outcome.map_err(|panic| words(&*panic)));
        if enough {
            return;
        }
        if failed {
            // Whatever is wrong there is not to be taken for a fault of the next one.
            home = anew();
        }
    }
}

impl Tally {
    /// Whether enough has failed.
    fn add(&mut self, job: &impl Display, outcome: Result<Outcome, String>) -> bool {
        match outcome {
            Ok(outcome) => self.note(job, &outcome),
            Err(why) => {
                let why = format!("{job}: {why}");
                eprintln!("FAILED {why}");
                self.failures.push(why);
            }
        }
        self.failures.len() >= ENOUGH
    }

    fn note(&mut self, job: &impl Display, outcome: &Outcome) {
        self.sent += outcome.sent;
        self.inside += outcome.inside;
        self.unreached += usize::from(outcome.unreached);
        if outcome.hit {
            self.hits += 1;
            self.longest = std::mem::take(&mut self.longest).max((outcome.rest, job.to_string()));
        } else {
            self.missed.push(job.to_string());
        }
        if self.tells {
            tell(job, outcome);
        }
    }

    /// The longest time to rest.
    pub fn longest(&self) -> Duration {
        self.longest.0
    }

    /// Those in which nobody was hit.
    pub fn missed(&self) -> &[String] {
        &self.missed
    }

    /// # Panics
    /// When something did not hold.
    pub fn assert_well(&self) {
        assert!(self.failures.is_empty(), "{self}\n{}", self.failures.join("\n"));
        assert!(self.hits > 0, "nobody was hit");
    }
}

impl Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rest, of) = &self.longest;
        write!(f, "{} hit somebody, {} nobody, {} failed; ", self.hits, self.missed.len(), self.failures.len())?;
        write!(f, "{} requests, {} of them inside who was killed, no other failed; ", self.sent, self.inside)?;
        write!(f, "{} times nothing was begun; longest time to rest {} ms: {of}", self.unreached, rest.as_millis())
    }
}

fn tell(job: &impl Display, outcome: &Outcome) {
    let unreached = if outcome.unreached { ", nothing begun" } else { "" };
    let hit = if outcome.hit { "" } else { ", NOBODY HIT" };
    eprintln!("rest after {:>4} ms, {} requests inside{unreached}{hit}: {job}", outcome.rest.as_millis(), outcome.inside);
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_else(|| "it panicked".into())
}
