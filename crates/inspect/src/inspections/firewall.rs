//! The firewall that was set up here: whether it is in force, and lets in who comes for the routes.

use std::collections::BTreeSet;

use plimsoll_model::finding::Finding;

use crate::Case;

/// Where SSH listens, as a rule.
const SSH: u16 = 22;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Some(firewall) = &case.facts.firewall else { return Vec::new() };
    if !firewall.is_in_force {
        let help = format!("set it up again: plimsoll host provision {}", case.keeper());
        return vec![case.error("firewall-off", "its firewall is not in force: every port that a program opens is open to everybody", help)];
    }
    let closed: BTreeSet<u16> = case.ports().difference(&firewall.open).copied().collect();
    if closed.is_empty() {
        return Vec::new();
    }
    // That of SSH is let in without being asked for.
    let ports: String = firewall.more.union(&closed).filter(|port| **port != SSH).map(|port| format!(" --port {port}")).collect();
    let list: Vec<String> = closed.iter().map(u16::to_string).collect();
    let message = format!("its firewall does not let in the ports of routes: {}", list.join(", "));
    vec![case.error("port-closed", message, format!("let them in: plimsoll host provision {}{ports}", case.keeper()))]
}
