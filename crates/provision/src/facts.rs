//! What a server is, as far as the measures judge it.

use std::collections::{BTreeMap, BTreeSet};

use crate::deed::Command;
use crate::machine::{Machine, sha256};
use crate::measures::{self, FILES};
use crate::{PROGRAM, Wishes};

/// Groups whose members may do everything, or as good as.
pub(crate) const POWERFUL: [&str; 8] = ["root", "sudo", "wheel", "admin", "docker", "lxd", "disk", "shadow"];

/// Services whose state is asked for.
const UNITS: [&str; 10] = [
    "chrony.service",
    "firewalld.service",
    "ntpsec.service",
    "plimsoll-firewall.service",
    "plimsoll.service",
    "plimsoll.socket",
    "ssh.service",
    "sshd.service",
    "systemd-timesyncd.service",
    "ufw.service",
];

/// What a server is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What kind of container it is; none when it is a machine of its own.
    pub container: Option<String>,
    /// Whether Debian's packages can be installed.
    pub has_apt: bool,
    /// Packages that are installed, of those that matter.
    pub packages: BTreeSet<String>,
    /// Services that are running.
    pub active: BTreeSet<String>,
    /// Services that are started with the machine.
    pub enabled: BTreeSet<String>,
    /// Logins that matter, by name.
    pub people: BTreeMap<String, Person>,
    /// Whether there is the group of those who may speak to the daemon.
    pub has_group: bool,
    /// Contents of files that matter, by path.
    pub files: BTreeMap<String, String>,
    /// Settings that are in force for SSH, by their names in small letters; several values of one name stand behind each other.
    pub sshd: BTreeMap<String, String>,
    /// Memory and swap, in bytes.
    pub memory: (u64, u64),
    /// Whether [`PROGRAM`] is the program that runs here.
    pub program_is_ours: bool,
    /// The login that sets up, where it is not root itself.
    pub sudoer: Option<String>,
    /// Public keys that open the login which sets up.
    pub keys: Vec<String>,
}

/// A login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Its home folder.
    pub home: String,
    /// Groups that it is in.
    pub groups: BTreeSet<String>,
    /// What its `authorized_keys` holds.
    pub keys: String,
}

impl Facts {
    /// Finds out what this server is. `sudoer` is the login that sets up, where it is not root.
    ///
    /// # Errors
    /// A file cannot be read: in words.
    pub fn gather(machine: &mut impl Machine, wishes: &Wishes, sudoer: Option<String>) -> Result<Self, String> {
        let mut facts = Self { sudoer, ..Self::default() };
        let container = say(machine, "systemd-detect-virt --container");
        facts.container = Some(container).filter(|kind| !kind.is_empty() && kind != "none");
        facts.has_apt = machine.run(&Command::new("apt-get --version")).well;
        facts.packages = packages(machine);
        let states = say(machine, &format!("systemctl show --property=Id --property=ActiveState --property=UnitFileState {}", UNITS.join(" ")));
        (facts.active, facts.enabled) = units(&states);
        facts.has_group = !say(machine, &format!("getent group {}", plimsoll_api::wire::SYSTEM_GROUP)).is_empty();
        let own = facts.sudoer.clone().unwrap_or_else(|| "root".into());
        for name in BTreeSet::from([wishes.login.clone(), wishes.admin.clone(), own.clone()]) {
            if let Some(person) = person(machine, &name)? {
                facts.people.insert(name, person);
            }
        }
        facts.keys = facts.people.get(&own).map(|person| keys(&person.keys)).unwrap_or_default();
        for path in FILES.into_iter().map(str::to_owned).chain([measures::sudoers(&wishes.admin)]) {
            facts.files.extend(text(machine, &path)?.map(|content| (path, content)));
        }
        facts.sshd = settings(&say(machine, "sshd -T"));
        facts.memory = memory(&text(machine, "/proc/meminfo")?.unwrap_or_default());
        facts.program_is_ours = is_ours(machine)?;
        Ok(facts)
    }

    /// The ports of SSH.
    #[must_use]
    pub fn ssh_ports(&self) -> BTreeSet<u16> {
        let told: BTreeSet<u16> = self.sshd.get("port").into_iter().flat_map(|ports| ports.split(' ')).filter_map(|port| port.parse().ok()).collect();
        if told.is_empty() { BTreeSet::from([22]) } else { told }
    }

    /// What SSH is called among the services.
    #[must_use]
    pub fn ssh_unit(&self) -> &'static str {
        if self.active.contains("sshd.service") && !self.active.contains("ssh.service") { "sshd.service" } else { "ssh.service" }
    }
}

/// Lines of `authorized_keys` that are keys, and not comments.
pub(crate) fn keys(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// What a command writes; nothing when it ends badly.
fn say(machine: &mut impl Machine, line: &str) -> String {
    let ran = machine.run(&Command::new(line));
    if ran.well { ran.output.trim().to_owned() } else { String::new() }
}

fn settings(told: &str) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::<String, String>::new();
    for (name, value) in told.lines().filter_map(|line| line.split_once(' ')) {
        let all = settings.entry(name.to_owned()).or_default();
        *all = format!("{all} {value}").trim_start().to_owned();
    }
    settings
}

fn packages(machine: &mut impl Machine) -> BTreeSet<String> {
    let line = format!("dpkg-query --show --showformat=${{db:Status-Abbrev}}|${{Package}}\\n {}", measures::PACKAGES.join(" "));
    // It ends badly when one of them is not known, and tells of the others.
    let told = machine.run(&Command::new(&line)).output;
    told.lines().filter_map(|line| line.split_once('|')).filter(|(state, _)| state.starts_with("ii")).map(|(_, name)| name.to_owned()).collect()
}

/// Which services are active, and which are enabled, out of what `systemctl show` tells: a paragraph for each.
fn units(told: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut active, mut enabled) = (BTreeSet::new(), BTreeSet::new());
    for paragraph in told.split("\n\n") {
        let fact = |name: &str| paragraph.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let Some(unit) = fact("Id") else { continue };
        if fact("ActiveState") == Some("active") {
            active.insert(unit.to_owned());
        }
        if fact("UnitFileState") == Some("enabled") {
            enabled.insert(unit.to_owned());
        }
    }
    (active, enabled)
}

fn person(machine: &mut impl Machine, name: &str) -> Result<Option<Person>, String> {
    let entry = say(machine, &format!("getent passwd {name}"));
    let Some(home) = entry.split(':').nth(5).map(str::to_owned) else { return Ok(None) };
    let groups = say(machine, &format!("id -nG {name}")).split_whitespace().map(str::to_owned).collect();
    let keys = text(machine, &format!("{home}/.ssh/authorized_keys"))?.unwrap_or_default();
    Ok(Some(Person { home, groups, keys }))
}

fn text(machine: &impl Machine, path: &str) -> Result<Option<String>, String> {
    let bytes = machine.read(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Memory and swap out of `/proc/meminfo`, in bytes.
fn memory(text: &str) -> (u64, u64) {
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    (of("MemTotal:"), of("SwapTotal:"))
}

fn is_ours(machine: &impl Machine) -> Result<bool, String> {
    let told = |error: std::io::Error| format!("the program cannot be read: {error}");
    let there = machine.read(PROGRAM).map_err(told)?;
    Ok(there.is_some_and(|there| machine.own_program().is_ok_and(|own| sha256(&own) == sha256(&there))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read() {
        assert_eq!(memory("MemTotal:        2048 kB\nMemFree: 1 kB\nSwapTotal:         0 kB\n"), (2 << 20, 0));
        assert_eq!(memory(""), (0, 0));
    }

    #[test]
    fn states_of_services_are_read() {
        let told = "Id=a.service\nActiveState=active\nUnitFileState=enabled\n\nId=b.service\nActiveState=inactive\nUnitFileState=\n\nId=c.socket\n\
                    ActiveState=active\nUnitFileState=static\n";
        let (active, enabled) = units(told);
        assert_eq!((active, enabled), (["a.service", "c.socket"].map(str::to_owned).into(), ["a.service".to_owned()].into()));
    }

    #[test]
    fn keys_are_lines_that_are_no_comments() {
        assert_eq!(keys("# mine\n\nssh-ed25519 A a\n  ssh-rsa B b \n"), ["ssh-ed25519 A a", "ssh-rsa B b"]);
    }
}
