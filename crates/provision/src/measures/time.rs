//! The right time: certificates, logs and leases live by it.

use super::{Verdict, package};
use crate::{Deed, Facts};

/// Any of them keeps the time.
const KEEPERS: [&str; 3] = ["chrony.service", "ntpsec.service", "systemd-timesyncd.service"];

pub(super) fn judge(facts: &Facts) -> Verdict {
    if let Some(kind) = &facts.container {
        return Verdict::spared(format!("it is a container ({kind}): its clock is that of the machine below"));
    }
    if KEEPERS.iter().any(|keeper| facts.active.contains(*keeper)) {
        return Verdict::Fine;
    }
    if !facts.has_apt {
        return Verdict::spared("this system has no apt: see to its clock by its own means");
    }
    let mut deeds = package(facts, "systemd-timesyncd");
    deeds.push(Deed::undoable("systemctl enable --now systemd-timesyncd.service", "systemctl disable --now systemd-timesyncd.service"));
    Verdict::of(vec!["keep the time, by systemd-timesyncd".into()], deeds)
}
