//! Plimsoll: a project of one service behind its own route.

use std::fs;
use std::process::Command;

use super::super::bed::{folder, timed};
use super::Tool;
use super::fleet::{Fleet, PORT};
use super::release::Release;
use crate::Outcome;
use crate::command::quiet;
use crate::hosts::Machine;

/// A project that gets another name whenever it is forgotten.
pub struct Plimsoll<'a> {
    fleet: &'a Fleet,
    release: &'a Release,
    /// How many names it has had.
    names: u32,
}

impl<'a> Plimsoll<'a> {
    /// For these hosts.
    pub fn new(fleet: &'a Fleet, release: &'a Release) -> Self {
        Self { fleet, release, names: 0 }
    }

    fn run(&self, command: &str) -> Outcome {
        quiet(on_production(self.fleet, self.release, command))
    }

    fn manifest(&self, hosts: &[Machine]) -> String {
        let logins: Vec<String> = hosts.iter().map(|host| format!("deploy@{host}")).collect();
        format!(
            "name = \"bench-{}-{}\"\n\n[components.web]\npath = \"web\"\nrun = \"exec ./service\"\nhealth = \"/health\"\nroute = {{ port = {PORT} }}\n\n\
             [environments.production]\nhosts = {logins:?}\nwork_tree = true\n",
            logins.len(),
            self.names
        )
    }
}

impl Tool for Plimsoll<'_> {
    fn name(&self) -> &'static str {
        "plimsoll"
    }

    fn forget(&mut self, hosts: &[Machine]) -> Outcome {
        if self.names > 0 {
            self.run("down")?;
        }
        self.names += 1;
        fs::write(self.release.project().join("plimsoll.toml"), self.manifest(hosts)).map_err(|error| format!("plimsoll.toml: {error}"))
    }

    fn deploy(&mut self, _hosts: &[Machine]) -> Outcome {
        self.run("deploy")
    }

    fn url(&self, host: Machine) -> String {
        format!("http://{}:{PORT}/", host.address())
    }
}

/// Seconds that a deployment takes an operator who has not been connected to the hosts in the last minute.
///
/// # Errors
/// When it fails.
pub fn deploy_unconnected(fleet: &Fleet, release: &Release) -> Result<f64, String> {
    let home = folder()?;
    let mut deploy = on_production(fleet, release, "deploy");
    deploy.env("PLIMSOLL_HOME", home.path());
    timed(|| quiet(deploy))
}

fn on_production(fleet: &Fleet, release: &Release, command: &str) -> Command {
    fleet.plimsoll(&["-C", &release.project().to_string_lossy(), command, "production", "--yes", "--json"])
}
