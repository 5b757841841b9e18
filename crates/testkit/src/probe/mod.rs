//! The probe: sends requests at a fixed rate while something else happens, and counts every one that is not
//! answered right.
//!
//! The rate is an open loop: requests become due by the clock, whether or not earlier ones were answered, and
//! latencies count from when a request was due. The probe runs in a thread of its own, so that a test which
//! blocks does not hold it up. What it leaves to others: deciding what should have been answered
//! ([`Target::expect`]), and starting what answers.

mod report;
mod target;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub use report::{Failure, Latency, Report, Sample};
pub use target::{Answer, Body, Connection, Expect, Target};
use wire::Wire;

/// A running probe. Dropped without a stop, it stops and what it saw is lost.
#[must_use = "a probe that is not stopped reports nothing"]
pub struct Probe {
    began: Instant,
    progress: watch::Receiver<Progress>,
    stop: oneshot::Sender<()>,
    report: oneshot::Receiver<Report>,
    thread: JoinHandle<()>,
}

/// What a running probe has seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Requests that have come to their end, right or wrong.
    pub ended: u64,
    /// Those without a right answer.
    pub failed: u64,
}

impl Probe {
    /// Sends `rate_per_s` requests in a second, to one target after the other.
    ///
    /// # Panics
    /// Without a target or with a rate of zero, and when the system has no thread to give.
    pub fn start(targets: Vec<Target>, rate_per_s: u32) -> Self {
        assert!(!targets.is_empty() && rate_per_s > 0, "a probe needs a target and a rate");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("the system has descriptors left");
        let (seen, progress) = watch::channel(Progress::default());
        let (stop, stopped) = oneshot::channel();
        let (tell, report) = oneshot::channel();
        let began = Instant::now();
        let run = Run { began, wires: targets.into_iter().map(Wire::new).map(Arc::new).collect(), report: Mutex::default(), seen };
        let thread = std::thread::spawn(move || {
            let report = runtime.block_on(run.until(stopped, Duration::from_secs(1) / rate_per_s));
            // Nobody listens when the probe was dropped.
            let _ = tell.send(report);
        });
        Self { began, progress, stop, report, thread }
    }

    /// Time since the start, in milliseconds: the clock of [`Failure::at_ms`] and [`Report::latency_between`].
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        millis(self.began.elapsed())
    }

    /// What it has seen so far.
    #[must_use]
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// Waits until `count` more requests have come to their end.
    ///
    /// # Panics
    /// When the probe's thread has.
    pub async fn ended_more(&self, count: u64) {
        let mut progress = self.progress.clone();
        let enough = progress.borrow().ended + count;
        progress.wait_for(|progress| progress.ended >= enough).await.expect("the probe runs until it is stopped");
    }

    /// Sends no more, waits for the answers to what was sent, and tells what was seen.
    ///
    /// # Panics
    /// When the probe's thread has.
    pub async fn stop(self) -> Report {
        let _ = self.stop.send(());
        let report = self.report.await.expect("the probe tells what it saw");
        self.thread.join().expect("the probe ends after it told");
        report
    }

    /// [`Self::stop`] for code that is not async.
    ///
    /// # Panics
    /// When the probe's thread has, and inside an async runtime.
    #[must_use]
    pub fn stop_blocking(self) -> Report {
        let _ = self.stop.send(());
        let report = self.report.blocking_recv().expect("the probe tells what it saw");
        self.thread.join().expect("the probe ends after it told");
        report
    }
}

struct Run {
    began: Instant,
    wires: Vec<Arc<Wire>>,
    report: Mutex<Report>,
    seen: watch::Sender<Progress>,
}

impl Run {
    /// Sends until `stopped`, or until whoever could stop it is gone.
    async fn until(self, mut stopped: oneshot::Receiver<()>, pause: Duration) -> Report {
        let run = Arc::new(self);
        let mut due = ticks(run.began, pause);
        let mut under_way = JoinSet::new();
        for wire in run.wires.iter().cycle() {
            tokio::select! {
                biased;
                _ = &mut stopped => break,
                Some(at) = due.recv() => under_way.spawn(Arc::clone(&run).send(Arc::clone(wire), at)),
            };
            while under_way.try_join_next().is_some() {}
        }
        under_way.join_all().await;
        std::mem::take(&mut *run.report.lock().unwrap_or_else(PoisonError::into_inner)).finish()
    }

    async fn send(self: Arc<Self>, wire: Arc<Wire>, due: Instant) {
        let outcome = wire.ask().await;
        let took_us = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
        let sample = Sample { at_ms: millis(due.saturating_duration_since(self.began)), took_us };
        let failed = u64::from(outcome.is_err());
        self.report.lock().unwrap_or_else(PoisonError::into_inner).add(&wire.target.name, sample, outcome);
        self.seen.send_modify(|seen| *seen = Progress { ended: seen.ended + 1, failed: seen.failed + failed });
    }
}

/// The times at which requests are due, each told when it has come. A thread tells them: the timers of the
/// runtime are late by up to a millisecond, which would count as latency. It ends with the receiver.
fn ticks(began: Instant, pause: Duration) -> mpsc::UnboundedReceiver<Instant> {
    let (tell, due) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut at = began;
        while tell.send(at).is_ok() {
            at += pause;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
        }
    });
    due
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
