//! What the system tells.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use plimsoll_api::wire::SYSTEM_POLICY;
use plimsoll_provision::{Command, Drift, Machine, drift, firewall};
use serde::Deserialize;

use super::Place;
use crate::{Daemon, Disk, Facts, Memory, Mode, Nginx, Survival, Systemd};

/// Everything but what the daemon knows.
pub(super) fn look(machine: &mut impl Machine, place: &Place) -> Facts {
    let is_root = rustix::process::geteuid().is_root();
    let container = say(machine, "systemd-detect-virt --container").filter(|kind| kind != "none");
    let whole = place.mode == Mode::System;
    Facts {
        version: env!("CARGO_PKG_VERSION").into(),
        at: place.at,
        is_root,
        mode: place.mode,
        container,
        disk: disk(&place.folder),
        store_bytes: size(&place.folder.join("store")),
        memory: text(machine, "/proc/meminfo").map(|told| memory(&told)),
        is_synchronized: say(machine, "timedatectl show --property=NTPSynchronized --value").map(|told| told == "yes"),
        open_files: None,
        systemd: systemd(machine),
        survival: if whole { None } else { survival(machine) },
        nginx: if whole && is_root { nginx(machine) } else { None },
        firewall: firewall(machine),
        drift: (whole && is_root).then(|| drift(machine).unwrap_or_else(|why| vec![unknown(why)])),
        daemon: Daemon::Absent,
        environments: Vec::new(),
        audit: None,
    }
}

/// How many files a process may have open at most.
pub(super) fn open_files(machine: &impl Machine, pid: u32) -> Option<u64> {
    let limits = text(machine, &format!("/proc/{pid}/limits"))?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    // The proxy takes all that it may have; what stands second is that.
    line.split_whitespace().nth(1)?.parse().ok()
}

fn say(machine: &mut impl Machine, line: &str) -> Option<String> {
    // Some of them end badly when what they tell is bad.
    Some(machine.run(&Command::new(line)).output.trim().to_owned()).filter(|told| !told.is_empty())
}

fn text(machine: &impl Machine, path: &str) -> Option<String> {
    Some(String::from_utf8_lossy(&machine.read(path).ok()??).into_owned())
}

fn disk(folder: &Path) -> Option<Disk> {
    // Where the host has no folder yet, it will be on the disk of the nearest one that there is.
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let told = rustix::fs::statvfs(there).ok()?;
    Some(Disk { bytes: told.f_blocks * told.f_frsize, free_bytes: told.f_bavail * told.f_frsize, files: told.f_files, free_files: told.f_favail })
}

/// What a folder and all below it take, in bytes; none when it cannot be read.
fn size(folder: &Path) -> Option<u64> {
    let own = std::fs::symlink_metadata(folder).ok()?;
    let taken = |about: &Metadata| about.blocks() * 512;
    if !own.is_dir() {
        return Some(taken(&own));
    }
    let below = folder.read_dir().ok()?.flatten().filter_map(|entry| size(&entry.path())).sum::<u64>();
    Some(taken(&own) + below)
}

fn memory(told: &str) -> Memory {
    let of = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    Memory { bytes: of("MemTotal"), available_bytes: of("MemAvailable"), swap_bytes: of("SwapTotal"), free_swap_bytes: of("SwapFree") }
}

fn systemd(machine: &mut impl Machine) -> Option<Systemd> {
    let state = say(machine, "systemctl is-system-running").filter(|state| state != "offline")?;
    let failed = say(machine, "systemctl list-units --failed --plain --no-legend --no-pager").unwrap_or_default();
    Some(Systemd { state, failed: failed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect() })
}

fn survival(machine: &mut impl Machine) -> Option<Survival> {
    let login = say(machine, "id -un")?;
    let manager = "org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses";
    let ends_at_logout = say(machine, &format!("busctl get-property {manager}"))? == "b true";
    let lingers = machine.read(&format!("/var/lib/systemd/linger/{login}")).is_ok_and(|mark| mark.is_some());
    Some(Survival { login, lingers, ends_at_logout })
}

/// As much of the owner's policy as says how nginx is called. The daemon judges it as a whole.
#[derive(Deserialize)]
struct Policy {
    route: String,
    #[serde(default)]
    nginx: Called,
}

#[derive(Deserialize)]
#[serde(default)]
struct Called {
    binary: String,
    config: String,
}

impl Default for Called {
    fn default() -> Self {
        Self { binary: "/usr/sbin/nginx".into(), config: "/etc/nginx/nginx.conf".into() }
    }
}

/// That it cannot be told is something to know as well.
fn unknown(why: String) -> Drift {
    Drift { measure: "the record of what was done".into(), what: why, help: Some("see that the file can be read, and what has changed it".into()) }
}

fn nginx(machine: &mut impl Machine) -> Option<Nginx> {
    let policy: Policy = toml::from_str(&text(machine, SYSTEM_POLICY)?).ok()?;
    let Called { binary, config } = Some(policy).filter(|policy| policy.route == "nginx")?.nginx;
    let ran = machine.run(&Command::new(&format!("{binary} -t -q -c {config}")));
    let said = ran.errors.lines().find(|line| line.contains("[emerg]")).unwrap_or(ran.errors.trim());
    Some(Nginx { trouble: (!ran.well).then(|| said.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read() {
        let told = "MemTotal:  4 kB\nMemFree: 1 kB\nMemAvailable:  3 kB\nSwapTotal: 2 kB\nSwapFree: 1 kB\n";
        assert_eq!(memory(told), Memory { bytes: 4096, available_bytes: 3072, swap_bytes: 2048, free_swap_bytes: 1024 });
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test lays files out")]
    fn a_folder_takes_what_all_below_it_take() {
        let folder = tempfile::tempdir().unwrap();
        let empty = size(folder.path()).unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/b"), vec![1; 1 << 20]).unwrap();
        assert!(size(folder.path()).unwrap() >= empty + (1 << 20));
        assert_eq!(size(&folder.path().join("none")), None);
        let disk = disk(&folder.path().join("not/there")).unwrap();
        assert!(disk.free_bytes <= disk.bytes && disk.bytes > 0);
    }
}
