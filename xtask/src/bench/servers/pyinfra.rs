//! pyinfra: the tree brought into line file by file, by a login that owns it, and a restart.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::super::bed::folder;
use super::Tool;
use super::fleet::Fleet;
use super::peer::PYINFRA;
use super::release::Release;
use crate::Outcome;
use crate::command::{command, exists, need, quiet, target};
use crate::hosts::{self, Machine};

/// The version that is measured.
const VERSION: &str = "pyinfra==3.10.0";

/// pyinfra, with a folder of its own.
pub struct Pyinfra<'a> {
    fleet: &'a Fleet,
    program: PathBuf,
    folder: TempDir,
}

impl<'a> Pyinfra<'a> {
    /// For these hosts.
    ///
    /// # Errors
    /// When it cannot be installed, or its files not be written.
    pub fn new(fleet: &'a Fleet, release: &Release) -> Result<Self, String> {
        let folder = folder()?;
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).map_err(|error| format!("{name}: {error}"));
        let tree = release.tree();
        write(
            "deploy.py",
            format!(
                "from pyinfra.operations import files, systemd\n\
                 files.directory(path='/srv/pyinfra', user='admin', _sudo=True)\n\
                 synced = files.sync(src={tree:?}, dest='/srv/pyinfra', delete=True)\n\
                 systemd.service(service='pyinfra', restarted=True, _if=synced.did_change, _sudo=True)\n"
            ),
        )?;
        let names: Vec<String> = fleet.hosts().iter().map(ToString::to_string).collect();
        let data = format!("{{'ssh_user': 'admin', 'ssh_config_file': {:?}}}", hosts::ssh_config());
        write("inventory.py", format!("hosts = ({names:?}, {data})\n"))?;
        Ok(Self { fleet, program: install()?, folder })
    }
}

impl Tool for Pyinfra<'_> {
    fn name(&self) -> &'static str {
        PYINFRA.name
    }

    fn forget(&mut self, hosts: &[Machine]) -> Outcome {
        PYINFRA.forget(self.fleet, hosts)
    }

    fn deploy(&mut self, hosts: &[Machine]) -> Outcome {
        let mut deploy = Command::new(&self.program);
        for host in hosts {
            deploy.args(["--limit", &host.to_string()]);
        }
        deploy.args(["-y", "inventory.py", "deploy.py"]).current_dir(self.folder.path()).env_remove("SSH_AUTH_SOCK");
        quiet(deploy)
    }

    fn url(&self, host: Machine) -> String {
        PYINFRA.url(host)
    }
}

/// Installs it below the target folder, unless it is there; gives the program.
fn install() -> Result<PathBuf, String> {
    let place = target().join("pyinfra");
    let program = place.join("bin/pyinfra");
    if !program.exists() {
        if !exists("python3") {
            need(&["python3"], "python3 python3-venv")?;
        }
        let mut environment = command("python3", "-m venv");
        environment.arg(&place);
        quiet(environment)?;
        let mut install = Command::new(place.join("bin/pip"));
        install.args(["install", "--quiet", VERSION]);
        quiet(install)?;
    }
    Ok(program)
}
