//! A firewall that lets SSH and the web in. It is a table of its own beside whatever else filters, such as that of a container engine.

use std::collections::BTreeSet;

use super::{Verdict, file, package};
use crate::{Deed, Facts, Wishes};

pub(crate) const RULES: &str = "/etc/plimsoll/firewall.nft";

/// The ports of the web, which are always let in.
pub(crate) const WEB: [u16; 2] = [80, 443];

pub(super) const UNIT: (&str, &str) = (
    "/etc/systemd/system/plimsoll-firewall.service",
    "\
[Unit]
Description=Plimsoll: lets SSH and the web in, and nothing else
DefaultDependencies=no
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/plimsoll/firewall.nft
ExecReload=/usr/sbin/nft -f /etc/plimsoll/firewall.nft
ExecStop=/usr/sbin/nft delete table inet plimsoll

[Install]
WantedBy=sysinit.target
",
);

pub(super) fn judge(facts: &Facts, wishes: &Wishes) -> Verdict {
    if let Some(other) = ["ufw.service", "firewalld.service"].into_iter().find(|unit| facts.active.contains(*unit)) {
        return Verdict::spared(format!("{other} is at work: see that it lets in what is to be reached"));
    }
    if !facts.has_apt && !facts.packages.contains("nftables") {
        return Verdict::spared("there is no nftables: see to a firewall by this system's own means");
    }
    let rules = rules(&facts.ssh_ports(), &wishes.ports);
    let unit = "plimsoll-firewall.service";
    let files: Vec<Deed> = [(RULES, rules.as_str()), UNIT].into_iter().filter_map(|wanted| file(facts, wanted)).collect();
    if files.is_empty() && facts.active.contains(unit) && facts.enabled.contains(unit) {
        return Verdict::Fine;
    }
    let works = facts.active.contains(unit);
    let mut deeds = package(facts, "nftables");
    if works {
        // Undone in reverse: the files are as before, and the rules follow.
        deeds.push(Deed::undoable("nft --version", &format!("systemctl reload {unit}")));
    }
    deeds.push(Deed::undoable("systemctl daemon-reload", "systemctl daemon-reload"));
    deeds.extend(files);
    deeds.extend([format!("nft --check --file {RULES}"), "systemctl daemon-reload".into()].map(|line| Deed::run(&line)));
    let enable = format!("systemctl enable --now {unit}");
    if works {
        deeds.extend([enable, format!("systemctl reload {unit}")].map(|line| Deed::run(&line)));
    } else {
        deeds.push(Deed::undoable(&enable, &format!("systemctl disable --now {unit}")));
    }
    Verdict::Do { what: format!("let in the ports {} and nothing else, by nftables", list(&open(&facts.ssh_ports(), &wishes.ports))), deeds }
}

fn open(ssh: &BTreeSet<u16>, more: &BTreeSet<u16>) -> BTreeSet<u16> {
    more.iter().chain(ssh).copied().chain(WEB).collect()
}

fn list(ports: &BTreeSet<u16>) -> String {
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// The ports that rules of ours let in.
pub(crate) fn read_ports(rules: &str) -> BTreeSet<u16> {
    let set = rules.lines().find_map(|line| line.trim().strip_prefix("tcp dport {")?.strip_suffix("} accept"));
    set.into_iter().flat_map(|set| set.split(',')).filter_map(|port| port.trim().parse().ok()).collect()
}

/// The table is made anew in one transaction, so there is no moment without it.
fn rules(ssh: &BTreeSet<u16>, more: &BTreeSet<u16>) -> String {
    let ports = list(&open(ssh, more));
    format!(
        "\
# Written by plimsoll host provision.
table inet plimsoll
delete table inet plimsoll
table inet plimsoll {{
    chain input {{
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        iif lo accept
        meta l4proto {{ icmp, icmpv6 }} accept
        udp dport {{ 68, 546 }} accept
        tcp dport {{ {ports} }} accept
    }}
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_that_rules_let_in_are_read_back() {
        let (ssh, more) = (BTreeSet::from([22]), BTreeSet::from([8080, 9000]));
        assert_eq!(read_ports(&rules(&ssh, &more)), open(&ssh, &more));
        assert_eq!(read_ports("table inet other {}"), BTreeSet::new());
    }
}
