//! What a probe saw.

use std::fmt;

use serde::Serialize;

/// Failures that are kept with their reason. All are counted.
const KEPT_FAILURES: usize = 100;

/// What a probe saw between its start and its stop.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Requests sent, each of them answered, failed or timed out.
    pub sent: u64,
    /// Requests without a right answer.
    pub failed: u64,
    /// The first hundred of those.
    pub failures: Vec<Failure>,
    /// Latencies of the right answers.
    #[serde(flatten)]
    pub latency: Latency,
    /// Every right answer, in the order in which they came.
    #[serde(skip)]
    pub samples: Vec<Sample>,
}

/// A request without a right answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// When it was due, in milliseconds since the start of the probe.
    pub at_ms: u64,
    /// Time from when it was due until it was known to have failed, in microseconds.
    pub took_us: u64,
    /// Name of its target.
    pub target: String,
    /// What went wrong.
    pub why: String,
}

/// A right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When its request was due, in milliseconds since the start of the probe.
    pub at_ms: u64,
    /// Time from when the request was due to the end of its answer, in microseconds.
    pub took_us: u64,
}

/// How long right answers took, in microseconds, counted from the time at which the request was due: a
/// request that had to wait its turn has waited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Latency {
    /// The median.
    pub p50_us: u64,
    /// 99 of 100 took no longer.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Report {
    /// Latencies of the requests that were due from `from_ms` to `to_ms`, in milliseconds since the start.
    #[must_use]
    pub fn latency_between(&self, from_ms: u64, to_ms: u64) -> Latency {
        let due = self.samples.iter().filter(|sample| (from_ms..to_ms).contains(&sample.at_ms));
        Latency::of(due.map(|sample| sample.took_us).collect())
    }

    /// Nothing, when every request was answered right and there was one at least.
    ///
    /// # Panics
    /// Else, with the report for a message.
    pub fn assert_clean(&self) {
        assert!(self.sent > 0, "the probe sent nothing");
        assert!(self.failed == 0, "{self}");
    }

    pub(super) fn add(&mut self, target: &str, sample: Sample, outcome: Result<(), String>) {
        self.sent += 1;
        match outcome {
            Ok(()) => self.samples.push(sample),
            Err(why) => {
                self.failed += 1;
                if self.failures.len() < KEPT_FAILURES {
                    self.failures.push(Failure { at_ms: sample.at_ms, took_us: sample.took_us, target: target.into(), why });
                }
            }
        }
    }

    pub(super) fn finish(mut self) -> Self {
        self.latency = Latency::of(self.samples.iter().map(|sample| sample.took_us).collect());
        self
    }
}

impl Latency {
    /// Of these times, in microseconds; zeros when there are none.
    #[must_use]
    pub fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
        Self { p50_us: rank(50), p99_us: rank(99), max_us: rank(100) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Latency { p50_us, p99_us, max_us } = self.latency;
        write!(f, "{} of {} requests failed; p50 {p50_us} µs, p99 {p99_us} µs, max {max_us} µs", self.failed, self.sent)?;
        for failure in &self.failures {
            write!(f, "\n  at {} ms, {}: {}", failure.at_ms, failure.target, failure.why)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let cases = [(vec![], (0, 0, 0)), (vec![7], (7, 7, 7)), (vec![3, 1, 2], (2, 3, 3)), ((1..=200).collect(), (100, 198, 200))];
        for (times, (p50_us, p99_us, max_us)) in cases {
            assert_eq!(Latency::of(times.clone()), Latency { p50_us, p99_us, max_us }, "{times:?}");
        }
    }
}
