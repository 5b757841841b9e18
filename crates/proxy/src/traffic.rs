//! Counting what goes through a route or a slot, and waiting until nothing does any more.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::time::Duration;

use tokio::sync::Notify;

use crate::control::Counts;

/// Counters of one route or one slot.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    in_flight: AtomicU64,
    requests: AtomicU64,
    classes: [AtomicU64; 5],
    waited_us: AtomicU64,
    idle: Notify,
}

impl Traffic {
    /// A request begins. Every call is followed by one of [`leave`](Self::leave).
    pub(crate) fn enter(&self) {
        self.in_flight.fetch_add(1, SeqCst);
        self.requests.fetch_add(1, Relaxed);
    }

    /// A request has ended, whatever became of it.
    pub(crate) fn leave(&self) {
        if self.in_flight.fetch_sub(1, SeqCst) == 1 {
            self.idle.notify_waiters();
        }
    }

    /// An answer of `status` began `after` the request did.
    pub(crate) fn answered(&self, status: http::StatusCode, after: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.classes[class].fetch_add(1, Relaxed);
        self.waited_us.fetch_add(u64::try_from(after.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Waits until no request is in flight, or for `limit`; says how many are.
    pub(crate) async fn drained(&self, limit: Duration) -> u64 {
        let wait = async {
            loop {
                let mut idle = std::pin::pin!(self.idle.notified());
                idle.as_mut().enable();
                if self.in_flight.load(SeqCst) == 0 {
                    return;
                }
                idle.await;
            }
        };
        match tokio::time::timeout(limit, wait).await {
            Ok(()) => 0,
            Err(_) => self.in_flight.load(SeqCst),
        }
    }

    /// The counters as they stand.
    pub(crate) fn counts(&self) -> Counts {
        let class = |n: usize| self.classes[n].load(Relaxed);
        Counts {
            in_flight: self.in_flight.load(SeqCst),
            requests: self.requests.load(Relaxed),
            informational: class(0),
            success: class(1),
            redirect: class(2),
            client_error: class(3),
            server_error: class(4),
            waited_us: self.waited_us.load(Relaxed),
        }
    }
}
