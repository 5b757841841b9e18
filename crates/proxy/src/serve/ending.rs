//! How the serving threads end: what they are told, and how much time they have.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Tells all threads to end. Clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ending {
    stop: CancellationToken,
    hurry: CancellationToken,
    pace: Arc<OnceLock<Pace>>,
}

/// How a proxy ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// How long a client whose connection is idle is waited for. HTTP/1 can only be told with an answer that the connection ends,
    /// and to close it without one would lose the request that may be on its way.
    pub(crate) linger: Duration,
    /// How long requests may go on after that.
    pub(crate) drain: Duration,
    /// Whether connections that the kernel has queued are left to a successor, which has the same sockets.
    pub(crate) leave_queue: bool,
    /// Whether tunnels are waited for like requests.
    pub(crate) tunnels: bool,
}

impl Pace {
    /// All the time there is.
    pub(crate) fn whole(&self) -> Duration {
        self.linger + self.drain
    }
}

impl Ending {
    /// Ends serving at this pace. The first pace holds.
    pub(crate) fn begin(&self, pace: Pace) {
        self.pace.get_or_init(|| pace);
        self.stop.cancel();
    }

    /// There is no time left for those who are idle.
    pub(crate) fn hurry(&self) {
        self.hurry.cancel();
    }

    /// The same for one thread: to look at it locks it.
    pub(crate) fn for_thread(&self) -> Self {
        Self { stop: self.stop.child_token(), hurry: self.hurry.child_token(), pace: Arc::clone(&self.pace) }
    }

    /// Whether the end has begun.
    pub(crate) fn has_begun(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until the end begins, and says how.
    pub(crate) async fn begun(&self) -> Pace {
        self.stop.cancelled().await;
        *self.pace.get().expect("it is set before anyone is told")
    }

    /// Waits until there is a hurry.
    pub(crate) async fn hurried(&self) {
        self.hurry.cancelled().await;
    }
}
