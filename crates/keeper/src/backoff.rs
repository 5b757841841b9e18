//! How long to wait before a program that ended by itself is started again.

use std::time::Duration;

use crate::Restart;
use crate::control::bounded;

/// The wait after one that was none: a program that cannot run must not keep the machine busy.
const SHORTEST_MS: u64 = 100;

/// The waits of one program.
#[derive(Debug)]
pub(crate) struct Backoff {
    restart: Restart,
    last_ms: Option<u64>,
}

impl Backoff {
    /// For a program that never ended yet.
    pub(crate) fn new(restart: Restart) -> Self {
        Self { restart, last_ms: None }
    }

    /// The wait after a program ended that had run for `ran`.
    pub(crate) fn next(&mut self, ran: Duration) -> Duration {
        let healthy = ran >= Duration::from_millis(self.restart.healthy_after_ms);
        let wait = match self.last_ms.filter(|_| !healthy) {
            None => self.restart.first_ms,
            Some(0) => SHORTEST_MS,
            Some(last) => last.saturating_mul(2),
        };
        let wait = wait.min(self.restart.max_ms);
        self.last_ms = Some(wait);
        bounded(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(first_ms: u64, ran_ms: &[u64], expect: &[u64]) {
        let mut backoff = Backoff::new(Restart { first_ms, max_ms: 1000, healthy_after_ms: 5000 });
        let waits: Vec<u64> = ran_ms.iter().map(|&ran| backoff.next(Duration::from_millis(ran)).as_millis() as u64).collect();
        assert_eq!(waits, expect, "first {first_ms} ms, ran {ran_ms:?} ms");
    }

    #[test]
    fn waits_double_up_to_the_longest_and_start_over_once_healthy() {
        check(200, &[0, 0, 0, 0, 0], &[200, 400, 800, 1000, 1000]);
        check(200, &[0, 4999, 5000, 0], &[200, 400, 200, 400]);
        check(0, &[0, 0, 0, 9000, 0], &[0, 100, 200, 0, 100]);
        check(2000, &[0, 0], &[1000, 1000]);
    }
}
