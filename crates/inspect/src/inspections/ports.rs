//! Ports of routes that somebody else holds.

use std::collections::BTreeMap;

use plimsoll_model::finding::Finding;
use plimsoll_model::plan::PortUse;

use crate::Case;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let seen = case.facts.environments.iter().flat_map(|environment| &environment.observed.ports);
    // Several environments may have been asked about one port.
    let held: BTreeMap<u16, &PortUse> = seen.filter(|(_, user)| **user == PortUse::Other).map(|(port, user)| (*port, user)).collect();
    let of = |port: u16| {
        let help = format!("see who with `ss -ltnp sport = :{port}` as root, and end that, or give the route another port");
        case.error("port-taken", format!("port {port} of a route is held by another program"), help)
    };
    held.into_keys().map(of).collect()
}
