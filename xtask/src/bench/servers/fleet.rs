//! The hosts of the benchmark, set up as those who use them would: from bare servers, by `plimsoll host provision`.

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::super::bed::{Bed, folder};
use super::peer;
use crate::Outcome;
use crate::hosts::{self, Machine};

/// Beside those that the tests use.
const NUMBERS: RangeInclusive<u8> = 11..=20;
/// What one of the peers needs on them.
const PACKAGES: &str = "python3";
/// The port of the routes, which the firewall lets in.
pub const PORT: u16 = 8000;

/// They run until this is dropped.
pub struct Fleet {
    machines: Vec<Machine>,
    plimsoll: PathBuf,
    home: TempDir,
}

impl Fleet {
    /// Starts the hosts, and sets them up for all tools.
    ///
    /// # Errors
    /// When one does not come up.
    pub fn start(bed: &Bed) -> Result<Self, String> {
        let left: Vec<Machine> = Machine::running()?.into_iter().filter(|machine| NUMBERS.contains(&machine.0)).collect();
        left.iter().try_for_each(Machine::remove)?;
        let home = folder()?;
        let fleet = Self { machines: NUMBERS.map(Machine).collect(), plimsoll: bed.plimsoll.clone(), home };
        hosts::start(NUMBERS, PACKAGES)?;
        eprintln!("setting {} hosts up", fleet.machines.len());
        fleet.on_each(&fleet.machines, |host| {
            fleet.plimsoll(&["host", "provision", &format!("root@{host}"), "--yes", "--json", "--without=updates", &format!("--port={PORT}")])
        })?;
        fleet.on_each(&fleet.machines, |host| fleet.as_root(*host, &peer::setup()))?;
        Ok(fleet)
    }

    /// All of them.
    pub fn hosts(&self) -> &[Machine] {
        &self.machines
    }

    /// `plimsoll` with these arguments, run by an operator who knows the hosts.
    pub fn plimsoll(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.plimsoll);
        command.args(args).env("PLIMSOLL_HOME", self.home.path()).env("PLIMSOLL_SSH_CONFIG", hosts::ssh_config());
        command.env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
        command
    }

    /// Runs `ssh HOST true` on these hosts, side by side.
    ///
    /// # Errors
    /// When a host does not let us in.
    pub fn greet(&self, hosts: &[Machine]) -> Outcome {
        self.on_each(hosts, |host| {
            let mut ssh = Command::new("ssh");
            ssh.arg("-F").arg(hosts::ssh_config()).args([&format!("deploy@{host}"), "true"]);
            ssh
        })
    }

    /// Runs a script on these hosts as root, side by side, without SSH.
    ///
    /// # Errors
    /// When it fails on one.
    pub fn run_as_root(&self, hosts: &[Machine], script: &str) -> Outcome {
        self.on_each(hosts, |host| self.as_root(*host, script))
    }

    fn as_root(&self, host: Machine, script: &str) -> Command {
        let mut command = host.command("sh -ec");
        command.arg(script);
        command
    }

    /// Runs a command for each of these hosts, all at once. What they say is kept for when one fails.
    fn on_each(&self, hosts: &[Machine], command: impl Fn(&Machine) -> Command) -> Outcome {
        let log = |host: &Machine| self.home.path().join(format!("{host}.log"));
        let start = |host: &Machine| -> Result<Child, String> {
            let file = File::create(log(host)).map_err(|error| error.to_string())?;
            let other = file.try_clone().map_err(|error| error.to_string())?;
            command(host).stdin(Stdio::null()).stdout(file).stderr(other).spawn().map_err(|error| error.to_string())
        };
        let started: Vec<Result<Child, String>> = hosts.iter().map(start).collect();
        let ended = started.into_iter().map(|child| child?.wait().map_err(|error| error.to_string()));
        let ended: Vec<_> = ended.collect();
        ended.into_iter().zip(hosts).try_for_each(|(ended, host)| match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{host}: ended with {status}: {}", std::fs::read_to_string(log(host)).unwrap_or_default())),
            Err(error) => Err(format!("{host}: {error}")),
        })
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for machine in &self.machines {
            // Whoever measures has more to hear than that this failed.
            let _ = machine.remove();
        }
    }
}
