//! The inspections, one file each. They look at facts and at nothing else.

mod audit;
mod certificates;
mod clock;
mod daemon;
mod deployments;
mod disk;
mod drift;
mod firewall;
mod limits;
mod memory;
mod nginx;
mod ports;
mod proxy;
mod slots;
mod store;
mod survival;
mod systemd;
mod unseen;
mod version;

use plimsoll_model::finding::Finding;

use crate::Case;

/// What an inspection finds.
type Inspect = fn(&Case<'_>) -> Vec<Finding>;

/// All of them, by name.
pub(crate) const INSPECTIONS: &[(&str, Inspect)] = &[
    ("audit", audit::inspect),
    ("certificates", certificates::inspect),
    ("clock", clock::inspect),
    ("daemon", daemon::inspect),
    ("deployments", deployments::inspect),
    ("disk", disk::inspect),
    ("drift", drift::inspect),
    ("firewall", firewall::inspect),
    ("limits", limits::inspect),
    ("memory", memory::inspect),
    ("nginx", nginx::inspect),
    ("ports", ports::inspect),
    ("proxy", proxy::inspect),
    ("slots", slots::inspect),
    ("store", store::inspect),
    ("survival", survival::inspect),
    ("systemd", systemd::inspect),
    ("unseen", unseen::inspect),
    ("version", version::inspect),
];

#[cfg(test)]
mod tests;
