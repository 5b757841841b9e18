//! The properties of a slot's unit: what it runs, as whom, and how little that may do. What each means stands in `systemd.exec(5)`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use zbus::zvariant::Value;

use super::names;
use crate::ledger::SlotRow;
use crate::supervise::{Life, slot_files};

/// How long a program that ended is gone before it is started again, in microseconds.
const RESTART_USEC: u64 = 1_000_000;
/// What was run once is gone long before it would be started again, after ten years, in microseconds.
const NEVER_USEC: u64 = 315_360_000_000_000;
/// With everything below the mount point.
const RECURSIVE: u64 = 0x4000;
/// What a system call answers that is not let through.
const EPERM: i32 = 1;
/// Families of addresses that a service may use.
const FAMILIES: [&str; 4] = ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"];

/// What is known about a slot that is to be started.
pub(super) struct Slot<'a> {
    pub(super) row: &'a SlotRow,
    /// Its release.
    pub(super) folder: &'a Path,
    /// The folder of the host's whole state, of which it sees its release and what outlives that.
    pub(super) hidden: &'a Path,
    /// What outlives releases, when there is such.
    pub(super) shared: Option<PathBuf>,
    pub(super) environment: BTreeMap<String, String>,
    /// The file of its secrets.
    pub(super) secrets: &'a Path,
    /// The file of its command, for a shell.
    pub(super) script: &'a Path,
    pub(super) life: Life,
}

/// Properties of a unit, by name.
pub(super) type Properties = Vec<(&'static str, Value<'static>)>;

/// The properties of its unit.
pub(super) fn of(slot: &Slot<'_>) -> Properties {
    [program(slot), user(slot), view(slot), life(slot), limits(slot), hardening(), journal(slot)].concat()
}

fn program(slot: &Slot<'_>) -> Properties {
    let environment: Vec<String> = slot.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    vec![
        ("Description", format!("{} of {} (Plimsoll)", slot.row.slot, slot.row.key).into()),
        ("Type", "exec".into()),
        // Its command stands in a file: systemd expands variables too, and does so differently when it has read its units anew.
        ("ExecStart", execute(&["/bin/sh", &text(slot.script)])),
        ("WorkingDirectory", text(slot.folder).into()),
        ("Environment", environment.into()),
        ("EnvironmentFiles", vec![(text(slot.secrets), false)].into()),
    ]
}

fn user(slot: &Slot<'_>) -> Properties {
    let own = names::user(&slot.row.key, &slot.row.component);
    let state = names::state(&slot.row.key, &slot.row.component);
    let mut properties = vec![
        ("DynamicUser", slot.row.spec.user.is_none().into()),
        ("User", slot.row.spec.user.clone().unwrap_or(own).into()),
        ("StateDirectoryMode", 0o700_u32.into()),
        ("UMask", 0o077_u32.into()),
    ];
    if let Some(shared) = &slot.shared {
        // A user that systemd makes up may have another number than before; the state directory has followed it already.
        let reference = format!("--reference=/var/lib/{state}");
        properties.push(("PermissionsStartOnly", true.into()));
        properties.push(("ExecStartPre", execute(&["/bin/chown", "-hR", &reference, &text(shared)])));
    }
    properties.push(("StateDirectory", vec![state].into()));
    properties
}

/// What it sees of the host's state. Nobody else may enter the folders above its release, so they are others for it.
fn view(slot: &Slot<'_>) -> Properties {
    let bind = |paths: &[&Path]| paths.iter().map(|path| (text(path), text(path), false, RECURSIVE)).collect::<Vec<_>>().into();
    let hidden = vec![(text(slot.hidden), "ro".to_owned())].into();
    let mut properties = vec![("TemporaryFileSystem", hidden), ("BindReadOnlyPaths", bind(&[slot.folder, slot.script]))];
    properties.extend(slot.shared.iter().map(|shared| ("BindPaths", bind(&[shared]))));
    properties
}

fn life(slot: &Slot<'_>) -> Properties {
    vec![
        ("Restart", "always".into()),
        // Until then systemd tells how it ended: what it does not start again, it forgets.
        ("RestartUSec", if slot.life == Life::Once { NEVER_USEC } else { RESTART_USEC }.into()),
        ("StartLimitIntervalUSec", 0_u64.into()),
        ("CollectMode", "inactive-or-failed".into()),
        ("KillMode", "mixed".into()),
        ("TimeoutStopUSec", slot.row.spec.drain_timeout_ms.saturating_mul(1000).into()),
    ]
}

fn limits(slot: &Slot<'_>) -> Properties {
    let limits = &slot.row.spec.limits;
    let wanted = [
        ("LimitAS", limits.memory_bytes),
        ("LimitNOFILE", limits.open_files),
        ("LimitNPROC", limits.processes),
        ("LimitCPU", limits.cpu_seconds.map(|seconds| seconds.saturating_mul(1_000_000))),
    ];
    wanted.into_iter().filter_map(|(name, most)| Some((name, most?.into()))).collect()
}

/// Programs that compile as they run need memory that is written and executed, so that stays allowed.
fn hardening() -> Properties {
    let on = [
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectKernelTunables",
        "ProtectKernelModules",
        "ProtectKernelLogs",
        "ProtectControlGroups",
        "ProtectClock",
        "ProtectHostname",
        "RestrictSUIDSGID",
        "RestrictRealtime",
        "LockPersonality",
    ];
    let mut properties: Properties = on.map(|name| (name, true.into())).into();
    properties.extend([
        ("ProtectSystem", "strict".into()),
        ("ProtectHome", "tmpfs".into()),
        ("ProtectProc", "invisible".into()),
        ("CapabilityBoundingSet", 0_u64.into()),
        ("RestrictNamespaces", 0_u64.into()),
        ("RestrictAddressFamilies", (true, FAMILIES.map(str::to_owned).to_vec()).into()),
        ("SystemCallFilter", (true, vec!["@system-service".to_owned()]).into()),
        ("SystemCallErrorNumber", EPERM.into()),
        ("SystemCallArchitectures", vec!["native".to_owned()].into()),
    ]);
    properties
}

/// Lines are kept as they are written, and can be asked for by what they belong to.
fn journal(slot: &Slot<'_>) -> Properties {
    let row = slot.row;
    // The tool of a database is called as that is, and belongs to another component.
    let named = slot_files::parts(&row.slot).map_or_else(|| row.component.clone(), |(named, _)| named);
    let fields = [
        format!("PLIMSOLL_PROJECT={}", row.key.project),
        format!("PLIMSOLL_ENVIRONMENT={}", row.key.environment),
        format!("PLIMSOLL_COMPONENT={named}"),
        format!("PLIMSOLL_SLOT={}", row.slot),
        format!("PLIMSOLL_CONFIG={}", row.config),
    ];
    vec![
        ("StandardOutput", "journal".into()),
        ("StandardError", "journal".into()),
        ("SyslogIdentifier", row.slot.to_string().into()),
        ("SyslogLevelPrefix", false.into()),
        ("LogExtraFields", fields.map(String::into_bytes).to_vec().into()),
    ]
}

/// Not in the newer form with flags: systemd 252 writes that down in a way that it cannot read itself when units are loaded again.
fn execute(words: &[&str]) -> Value<'static> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    vec![(words[0].clone(), words, false)].into()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
