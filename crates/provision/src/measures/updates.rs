//! Security updates, by Debian's own means.

use super::{Verdict, file, package};
use crate::Facts;

pub(super) const SETTINGS: (&str, &str) = (
    "/etc/apt/apt.conf.d/52plimsoll-updates",
    "\
// Written by plimsoll host provision: security updates are installed every day.
APT::Periodic::Update-Package-Lists \"1\";
APT::Periodic::Unattended-Upgrade \"1\";
",
);

pub(super) fn judge(facts: &Facts) -> Verdict {
    if !facts.has_apt {
        return Verdict::spared("this system has no apt: see to its updates by its own means");
    }
    let deeds: Vec<_> = package(facts, "unattended-upgrades").into_iter().chain(file(facts, SETTINGS)).collect();
    Verdict::of(vec!["install security updates every day".into()], deeds)
}
