//! What goes wrong between hosts, made on the host's own side: nothing of the machine that they run on is changed.

use super::machine::Machine;
use crate::Outcome;
use crate::command::run;

/// Nothing reaches it, and nothing comes from it, but on its own loopback.
///
/// # Errors
/// When there is no such host.
pub fn cut(machine: &Machine) -> Outcome {
    heal(machine)?;
    for chain in ["INPUT -i", "OUTPUT -o"] {
        run(machine.command(&format!("iptables -I {chain} eth0 -j DROP")))?;
    }
    Ok(())
}

/// What it sends goes no faster than this, in thousands of bits per second. (A delay as such needs `netem`, which small kernels lack.)
///
/// # Errors
/// When there is no such host.
pub fn slow(machine: &Machine, kbit: u32) -> Outcome {
    heal(machine)?;
    run(machine.command(&format!("tc qdisc replace dev eth0 root tbf rate {kbit}kbit burst 4kb latency 5s")))
}

/// Takes all of it back.
///
/// # Errors
/// When there is no such host.
pub fn heal(machine: &Machine) -> Outcome {
    let undo = "while iptables -D INPUT -i eth0 -j DROP 2>/dev/null; do :; done; while iptables -D OUTPUT -o eth0 -j DROP 2>/dev/null; do :; done; \
        tc qdisc del dev eth0 root 2>/dev/null; true";
    let mut heal = machine.command("sh -c");
    heal.arg(undo);
    run(heal)
}
