//! One host.

use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};
use std::str::FromStr;

use super::engine;
use crate::Outcome;
use crate::command::{command, output, run};

/// What containers of ours are marked with.
const LABEL: &str = "dev.plimsoll.test-host";
/// What the names of their containers begin with.
const CONTAINER: &str = "plimsoll-test-";
/// What a systemd in a container needs where the right to set limits cannot be given.
const RIGHTS: &str = "--cap-add ALL --cap-drop SYS_RESOURCE --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --tmpfs /run --tmpfs /run/lock --tmpfs /tmp -v /sys/fs/cgroup:/sys/fs/cgroup:rw -v /var/lib/docker -e container=docker";
/// The ports of each host that are reached from outside, on its own address: those of SSH and of the web, and some that logins without
/// rights may open.
const PORTS: [&str; 4] = ["22", "80", "443", "8000-8015"];

/// The host with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine(pub u8);

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h{}", self.0)
    }
}

impl FromStr for Machine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let number = name.strip_prefix('h').and_then(|number| number.parse().ok());
        number.map(Self).ok_or_else(|| format!("hosts are called h1, h2 and so on, not {name}"))
    }
}

impl Machine {
    /// Where it is reached.
    pub fn address(&self) -> String {
        format!("127.0.1.{}", self.0)
    }

    /// Where other hosts reach it.
    ///
    /// # Errors
    /// When it does not run.
    pub fn inner_address(&self) -> Result<String, String> {
        let mut inspect = command("docker", "container inspect --format {{.NetworkSettings.IPAddress}}");
        inspect.arg(self.container());
        output(inspect).map(|address| address.trim().to_owned())
    }

    /// The name of its container.
    pub fn container(&self) -> String {
        format!("{CONTAINER}{self}")
    }

    /// Starts it from `image`, unless it runs. One that is half dead, of another image, or has been set up for another `key` than ours is replaced.
    ///
    /// # Errors
    /// When the engine cannot start it.
    pub fn start(&self, image: &str, key: &str) -> Outcome {
        let key = &blake3::hash(key.as_bytes()).to_hex()[..12];
        let mut state = command("docker", "container inspect --format {{.State.Running}}|{{.Config.Image}}|{{.Config.Labels.key}}");
        let state = state.arg(self.container()).stderr(Stdio::null()).output();
        let state = state.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
        if state == format!("true|{image}|{key}") {
            return Ok(());
        }
        if !state.is_empty() {
            remove(&self.container())?;
        }
        let mut start =
            command("docker", &format!("run --detach --label {LABEL} --label key={key} --hostname {self} --name {} {RIGHTS}", self.container()));
        for port in PORTS {
            start.args(["--publish".into(), format!("{}:{port}:{port}", self.address())]);
        }
        start.args([image, "/sbin/init"]).stdout(Stdio::null());
        run(start)
    }

    /// Waits until its systemd says that everything runs.
    ///
    /// # Errors
    /// When something in it does not; names what.
    pub fn await_running(&self) -> Outcome {
        // Before its bus is there, the question itself fails: then the engine is asked once more.
        for _ in 0..100 {
            let asked = self.command("systemctl is-system-running --wait").stderr(Stdio::null()).output();
            let told = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
            match told.as_str() {
                "running" => return Ok(()),
                "degraded" => {
                    let failed = output(self.command("systemctl --failed --plain --no-legend"))?;
                    return Err(format!("not everything runs on {self}:\n{failed}"));
                }
                _ => std::thread::sleep(std::time::Duration::from_millis(100)),
            }
        }
        Err(format!("the systemd of {self} does not answer"))
    }

    /// Lets whoever has the other half of `key` in, as root.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn let_in(&self, key: &str) -> Outcome {
        let mut write = self.command("sh -c");
        write.arg("umask 077; mkdir -p /root/.ssh; cat > /root/.ssh/authorized_keys").stdin(Stdio::piped());
        let mut write = write.spawn().map_err(|error| format!("cannot run docker: {error}"))?;
        let told = write.stdin.take().expect("it is piped").write_all(key.as_bytes());
        let done = write.wait().map_err(|error| format!("docker: {error}"))?;
        if told.is_ok() && done.success() { Ok(()) } else { Err(format!("the key could not be brought to {self}")) }
    }

    /// What it proves itself with: a line of its type and key.
    ///
    /// # Errors
    /// When it has none.
    pub fn host_key(&self) -> Result<String, String> {
        output(self.command("cat /etc/ssh/ssh_host_ed25519_key.pub"))
    }

    /// `program` with its arguments, run in it as root.
    pub fn command(&self, program: &str) -> Command {
        command("docker", &format!("exec --interactive {} {program}", self.container()))
    }

    /// Removes it, with what it stored.
    ///
    /// # Errors
    /// When the engine cannot.
    pub fn remove(&self) -> Outcome {
        remove(&self.container())
    }

    /// Removes every host, with what it stored.
    ///
    /// # Errors
    /// When the engine cannot.
    pub fn remove_all() -> Outcome {
        let all = output(command("docker", &format!("ps --all --quiet --filter label={LABEL}")))?;
        all.split_whitespace().try_for_each(remove)
    }

    /// All that run, by number; none where no engine does.
    ///
    /// # Errors
    /// When the engine cannot tell.
    pub fn running() -> Result<Vec<Self>, String> {
        if !engine::answers() {
            return Ok(Vec::new());
        }
        let names = output(command("docker", &format!("ps --filter label={LABEL} --format {{{{.Names}}}}")))?;
        let mut all: Vec<Self> = names.split_whitespace().filter_map(|name| name.strip_prefix(CONTAINER)?.parse().ok()).collect();
        all.sort_by_key(|machine| machine.0);
        Ok(all)
    }
}

fn remove(container: &str) -> Outcome {
    let mut remove = command("docker", "rm --force --volumes");
    remove.arg(container).stdout(Stdio::null());
    run(remove)
}
