//! The time, as a host sees it.

use std::time::Duration;

use async_trait::async_trait;
use plimsoll_model::time::Moment;

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;

    /// Waits until `until` has come.
    async fn sleep_until(&self, until: Moment);
}

/// The machine's clock.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Moment {
        #[expect(clippy::disallowed_methods, reason = "the one place where a host reads the time")]
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, until: Moment) {
        tokio::time::sleep(Duration::from_millis(until.since(self.now()))).await;
    }
}
