//! What was set up by `host provision`, and is so no more: SSH, the firewall, the service, updates.

use plimsoll_model::finding::Finding;

use crate::Case;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let drift = case.facts.drift.iter().flatten();
    let of = |drift: &plimsoll_provision::Drift| {
        let message = format!("{} is not as it was set up any more: {}", drift.measure, drift.what);
        let help = drift.help.clone().unwrap_or_else(|| format!("set it up again: plimsoll host provision {}", case.keeper()));
        case.warning("set-up-drifted", message, help)
    };
    drift.map(of).collect()
}
