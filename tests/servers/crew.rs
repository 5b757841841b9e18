//! Logins on test hosts: one of the same name on each host of a test, and what is set up for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_testkit::fixtures::{Home, Ran, free_port_in};

/// The ports that test hosts let through, beside those of SSH and of the web.
const PORTS: std::ops::Range<u16> = 8_000..8_016;

/// An operator, and a login on each of some hosts that lets this operator in.
pub struct Crew {
    /// The operator's side.
    pub home: Home,
    name: String,
    hosts: Vec<&'static str>,
    /// Whether its logins were made for one test.
    is_own: bool,
}

impl Crew {
    /// On these hosts, which have nothing yet.
    pub fn bare(hosts: &[&'static str]) -> Self {
        let home = Home::of(stripped());
        let name = home.path().file_name().expect("a home has a name").to_string_lossy().to_lowercase();
        for host in hosts {
            let make = "useradd --create-home --shell /bin/bash $0; cp -r /root/.ssh /home/$0/.ssh; chown -R $0: /home/$0/.ssh";
            as_root(host, &format!("sh -ec '{make}' {name}"));
        }
        Self { home, name, hosts: hosts.to_vec(), is_own: true }
    }

    /// On these hosts, made hosts of Plimsoll.
    pub fn new(hosts: &[&'static str]) -> Self {
        let crew = Self::bare(hosts);
        for host in crew.logins() {
            let added = crew.run(["host", "add", &host, "--yes"]).ended(0);
            assert_eq!(added.document()["code"], "installed", "{host}");
        }
        crew
    }

    /// With the login `name`, which is on these hosts already and stays there.
    pub fn of(name: &str, hosts: &[&'static str]) -> Self {
        Self { home: Home::of(stripped()), name: name.to_owned(), hosts: hosts.to_vec(), is_own: false }
    }

    /// How many programs called `service` run on a host, of those that this crew can have deployed.
    pub fn programs(&self, host: &str) -> usize {
        let whose = if self.is_own { format!("-u {}", self.name) } else { String::new() };
        as_root(host, &format!("pgrep -c {whose} -x service || true")).trim().parse().expect("pgrep counts")
    }

    /// The hosts, as one would write them after `ssh`.
    pub fn logins(&self) -> Vec<String> {
        self.hosts.iter().map(|host| format!("{}@{host}", self.name)).collect()
    }

    /// The name of the login.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The operator's command.
    pub fn command<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.home.command(args);
        command.env("PLIMSOLL_SSH_CONFIG", ssh_config()).env_remove("SSH_AUTH_SOCK").env_remove("SSH_ASKPASS").stdin(Stdio::null());
        command
    }

    /// Runs the operator's command with `--json`.
    #[track_caller]
    pub fn run<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Ran {
        ran(self.command(args).arg("--json"))
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        for host in self.hosts.iter().filter(|_| self.is_own) {
            // Whatever runs there is ended, and deleted with the login; a failing test has more to tell than that this failed.
            let _ = root(host, &format!("pkill -KILL -u {0}; userdel --force --remove {0}", self.name)).output();
        }
    }
}

/// Runs a command of the operator to its end.
#[track_caller]
pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().expect("plimsoll can be started");
    let text = |bytes| String::from_utf8(bytes).expect("what plimsoll prints is UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs a command on a host as root, which has to go well.
#[track_caller]
pub fn as_root(host: &str, command: &str) -> String {
    let output = root(host, command).output().expect("there is docker");
    assert!(output.status.success(), "{command} on {host}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// By the container engine, so that it works when the network does not.
fn root(host: &str, command: &str) -> Command {
    let mut docker = Command::new("docker");
    docker.args(["exec", &format!("plimsoll-test-{host}"), "sh", "-c", command]).stdin(Stdio::null());
    docker
}

/// Where a host is.
pub fn address(host: &str) -> String {
    let number = host.rsplit('h').next().expect("a host has a number");
    format!("127.0.1.{number}")
}

/// A port that hosts let through and no other test uses.
pub fn port() -> u16 {
    free_port_in(PORTS)
}

/// What `ssh` has to know of the hosts.
pub fn ssh_config() -> PathBuf {
    let config = target().join("hosts/ssh_config");
    assert!(config.exists(), "{} is missing: start the machines with `cargo xtask hosts up 4`", config.display());
    config
}

fn target() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    test.ancestors().nth(3).expect("a test lies in target/PROFILE/deps").to_owned()
}

/// The binary without what debuggers want of it: most of what would be sent to each host.
fn stripped() -> PathBuf {
    let whole = Home::new().binary().to_owned();
    let changed = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    let path = target().join("stripped-plimsoll");
    if changed(&path) < changed(&whole) {
        let own = path.with_extension(std::process::id().to_string());
        let done = Command::new("strip").arg("-o").arg(&own).arg(&whole).status().expect("whoever links has strip");
        assert!(done.success(), "strip {}", whole.display());
        std::fs::rename(&own, &path).expect("the target folder can be written");
    }
    path
}
