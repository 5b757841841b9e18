//! The time, as a host sees it.

use std::time::Duration;

use async_trait::async_trait;
use plimsoll_model::time::Moment;
use tokio::sync::Notify;

/// Tells the time and waits.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;

    /// Waits until `until` has come.
    async fn sleep_until(&self, until: Moment);
}

/// The longest that is slept at once: a clock that was set meanwhile is noticed then.
pub(crate) const LONGEST_SLEEP_MS: u64 = 24 * 3_600_000;

/// Waits until `until` has come, if it ever does, or something was told to `woken`.
pub(crate) async fn asleep(clock: &dyn Clock, until: Option<Moment>, woken: &Notify) {
    let asleep = async {
        match until {
            Some(until) => clock.sleep_until(until.min(clock.now().plus(LONGEST_SLEEP_MS))).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = asleep => {}
        () = woken.notified() => {}
    }
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
