//! Swap where memory is small: a build or a burst then makes the machine slow and not dead.

use super::Verdict;
use crate::{Deed, Facts};

/// Machines with less memory than this get swap, in bytes.
const SMALL: u64 = 2 << 30;

const FILE: &str = "/swapfile";

const UNIT: &str = "\
[Unit]
Description=Swap, because memory is small

[Swap]
What=/swapfile

[Install]
WantedBy=swap.target
";

pub(super) fn judge(facts: &Facts) -> Verdict {
    let (memory, swap) = facts.memory;
    if let Some(kind) = &facts.container {
        return Verdict::spared(format!("it is a container ({kind}): its memory is that of the machine below"));
    }
    if swap > 0 || memory >= SMALL || memory == 0 {
        return Verdict::Fine;
    }
    let deeds = vec![
        Deed::undoable("systemctl daemon-reload", "systemctl daemon-reload"),
        Deed::undoable(&format!("fallocate --length 1GiB {FILE}"), &format!("rm --force {FILE}")),
        Deed::run(&format!("chmod 600 {FILE}")),
        Deed::run(&format!("mkswap {FILE}")),
        Deed::file("/etc/systemd/system/swapfile.swap", UNIT),
        Deed::run("systemctl daemon-reload"),
        Deed::undoable("systemctl enable --now swapfile.swap", "systemctl disable --now swapfile.swap"),
    ];
    Verdict::Do { what: format!("1 GiB of swap in {FILE}, as there are {} MiB of memory", memory >> 20), deeds }
}
