//! Memory and swap: a machine without either kills programs.

use plimsoll_model::finding::Finding;

use crate::{Case, Memory};

/// Machines with less memory than this want swap, in bytes.
const SMALL: u64 = 2 << 30;

/// With less than this the next slot may be killed as it starts, in bytes.
const TIGHT: u64 = 100 << 20;

pub(super) fn inspect(case: &Case<'_>) -> Vec<Finding> {
    let Some(Memory { bytes, available_bytes, swap_bytes, free_swap_bytes }) = case.facts.memory else { return Vec::new() };
    let left = available_bytes + free_swap_bytes;
    let mut findings = Vec::new();
    if left < TIGHT {
        let message = format!("{} MB of memory and swap are left: the system ends programs when they are used up", left >> 20);
        findings.push(case.error(
            "memory-used-up",
            message,
            "give it more memory, or run less there; `ps axo rss,args --sort -rss | head` tells what takes it",
        ));
    }
    if swap_bytes == 0 && bytes < SMALL && case.facts.container.is_none() {
        let message = format!("it has {} MB of memory and no swap: a burst ends programs instead of slowing them down", bytes >> 20);
        findings.push(case.warning("swap-missing", message, format!("`plimsoll host provision {}` sets up swap among other things", case.keeper())));
    }
    findings
}
