//! What a kill may cost: the requests that were inside the process that was killed, and no other.

use std::time::{Duration, Instant};

use plimsoll_testkit::probe::{Failure, Probe};

use crate::victim::Victim;

/// What was done to somebody.
#[derive(Debug, Clone)]
pub struct Toll {
    /// Who.
    pub victim: Victim,
    /// Before the signal.
    pub began: Instant,
    /// When it was gone, or went on.
    pub ended: Instant,
    /// Whether it was gone.
    pub deadly: bool,
}

/// Stops the probe and judges each failure; tells how many requests were sent, and how many were inside the victim.
///
/// # Panics
/// When a request failed that was not.
pub fn judge(probe: Probe, tolls: &[Toll], of: &str) -> (u64, u64) {
    let now = (Instant::now(), Duration::from_millis(probe.now_ms()));
    let report = probe.stop_blocking();
    let since = |at: Instant| (now.1 + now.0.elapsed()).saturating_sub(at.elapsed());
    let windows: Vec<_> = tolls.iter().filter(|toll| toll.deadly).map(|toll| (since(toll.began), since(toll.ended), toll.victim)).collect();
    let is_inside = |failure: &&Failure| windows.iter().any(|(began, ended, victim)| is_inside(failure, *began, *ended, *victim));
    assert!(report.sent > 0, "{of}: the probe sent nothing");
    // Those beyond the first hundred are counted without their times.
    assert!(report.failures.iter().all(|failure| is_inside(&failure)), "{of}: killed between {windows:?}: {report}");
    (report.sent, report.failed)
}

fn is_inside(failure: &Failure, began: Duration, ended: Duration, victim: Victim) -> bool {
    if !matches!(victim, Victim::Proxy | Victim::OldSlot | Victim::NewSlot) {
        return false;
    }
    let due = Duration::from_millis(failure.at_ms);
    let over = due + Duration::from_micros(failure.took_us);
    // The probe's clock tells whole milliseconds.
    let (began, ended) = (began.saturating_sub(Duration::from_millis(1)), ended + Duration::from_millis(1));
    due <= ended && over >= began
}
