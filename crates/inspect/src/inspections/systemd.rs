//! What systemd says of the machine, and of Plimsoll's own units.

use plimsoll_model::finding::Finding;

use crate::Case;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Some(systemd) = &case.facts.systemd else { return Vec::new() };
    let (ours, others): (Vec<&String>, Vec<_>) = systemd.failed.iter().partition(|unit| unit.starts_with("plimsoll"));
    let help = |unit: &str| format!("as root: see why with `systemctl status {unit}`, then `systemctl reset-failed {unit}` or start it again");
    let of_ours = |unit: &String| case.error("unit-failed", format!("the unit {unit} has failed"), help(unit));
    let of_others = |unit: &String| case.warning("unit-failed", format!("the unit {unit} has failed"), help(unit));
    let mut findings: Vec<Finding> = ours.into_iter().map(of_ours).chain(others.into_iter().map(of_others)).collect();
    if findings.is_empty() && !["running", "degraded", "starting"].contains(&systemd.state.as_str()) {
        findings.push(case.warning("system-unwell", format!("systemd calls the machine `{}`", systemd.state), "see: systemctl status"));
    }
    findings
}
