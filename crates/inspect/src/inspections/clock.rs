//! The host's clock beside the one here: leases, certificates and logs live by it.

use plimsoll_model::finding::Finding;

use crate::Case;

/// As much as this is told, in milliseconds.
const TOLERATED: u64 = 2_000;

/// As much as this leads certificates and records astray, in milliseconds.
const FAR: u64 = 60_000;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let (facts, (before, after)) = (case.facts, case.asked_at);
    // It told the time somewhere in between, so only what lies outside is off.
    let off = facts.at.since(after).max(before.since(facts.at));
    let which = if facts.at > after { "ahead of" } else { "behind" };
    let help = "keep the time of both machines: `timedatectl set-ntp true` does it where systemd-timesyncd is installed";
    let message = format!("its clock is {}.{} s {which} the one here", off / 1000, off % 1000 / 100);
    let skew = match off {
        ..TOLERATED => None,
        TOLERATED..FAR => Some(case.warning("clock-skewed", message, help)),
        _ => Some(case.error("clock-skewed", message, help)),
    };
    let alone = facts.container.is_none() && facts.is_synchronized == Some(false);
    let unkept = alone.then(|| case.warning("clock-unkept", "nothing keeps its clock right", help));
    skew.into_iter().chain(unkept).collect()
}
