//! The daemon as a service of the system. systemd listens for it, so who connects while it is started again waits and is not refused.

use super::{Verdict, file};
use crate::{Deed, Facts};

/// Stands there when ports are opened to everybody.
pub(super) const PUBLIC: &str = "/var/lib/plimsoll/public";

pub(crate) const SOCKET: (&str, &str) = (
    "/etc/systemd/system/plimsoll.socket",
    "\
[Unit]
Description=Plimsoll: where those who deploy speak to it

[Socket]
ListenStream=/run/plimsoll/host.sock
SocketGroup=plimsoll
SocketMode=0660
DirectoryMode=0755
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
",
);

/// It starts slots and the proxy in units of their own, and sets up what belongs to them: so it is root. What it can do without, it does without.
pub(super) const SERVICE: (&str, &str) = (
    "/etc/systemd/system/plimsoll.service",
    "\
[Unit]
Description=Plimsoll: deploys to this machine
Requires=plimsoll.socket
After=plimsoll.socket network-online.target
Wants=network-online.target

[Service]
ExecStart=/usr/local/bin/plimsoll host serve --system
Restart=always
RestartSec=200ms
TimeoutStopSec=30s
# The keeper of the proxy goes on when the daemon is started again.
KillMode=process
UMask=0077
StateDirectory=plimsoll
StateDirectoryMode=0711
NoNewPrivileges=yes
PrivateTmp=yes
ProtectHome=yes
ProtectSystem=full
ReadWritePaths=-/etc/nginx
ProtectClock=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectHostname=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
",
);

pub(super) fn judge(facts: &Facts) -> Verdict {
    let files: Vec<Deed> = [SOCKET, SERVICE, (PUBLIC, "")].into_iter().filter_map(|wanted| file(facts, wanted)).collect();
    let (socket, service) = ("plimsoll.socket", "plimsoll.service");
    let runs = |set: &std::collections::BTreeSet<String>| set.contains(socket) && set.contains(service);
    if files.is_empty() && runs(&facts.active) && runs(&facts.enabled) && facts.program_is_ours {
        return Verdict::Fine;
    }
    let is_new = !facts.active.contains(service);
    // Undone in reverse: stopped first, then the files go, then systemd reads again.
    let mut deeds = vec![Deed::undoable("systemctl daemon-reload", "systemctl daemon-reload")];
    deeds.extend(files);
    deeds.push(Deed::run("systemctl daemon-reload"));
    deeds.push(Deed::undoable(&format!("systemctl enable --now {socket} {service}"), &format!("systemctl disable --now {service} {socket}")));
    if !is_new {
        deeds.push(Deed::run(&format!("systemctl restart {service}")));
    }
    let what =
        if is_new { "start the daemon as a service of the system" } else { "start the daemon again, as this version; no request is lost by that" };
    Verdict::Do { what: what.into(), deeds }
}
