//! What a host tells of itself, for the inspections to judge. What was not seen is absent: it is then not judged, and that is said.

use std::collections::BTreeSet;

use plimsoll_api::Service;
use plimsoll_model::EnvironmentKey;
use plimsoll_model::deployment::Failure;
use plimsoll_model::plan::Observed;
use plimsoll_model::time::Moment;
use plimsoll_provision::{Drift, Firewall};
use serde::{Deserialize, Serialize};

/// What a host is asked for beside what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// An environment that is to be deployed there, and may not have been yet.
    pub environment: Option<EnvironmentKey>,
    /// The ports of its routes.
    pub ports: BTreeSet<u16>,
}

/// A host, as it sees itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The version of the program that tells this.
    pub version: String,
    /// What its clock says.
    pub at: Moment,
    /// Whether root tells this: others do not see everything.
    pub is_root: bool,
    /// Whether it was set up as a whole.
    pub mode: Mode,
    /// What kind of container it is; none when it is a machine of its own.
    pub container: Option<String>,
    /// The disk that holds all of the host's state.
    pub disk: Option<Disk>,
    /// What the kept releases take of it, in bytes.
    pub store_bytes: Option<u64>,
    /// Memory and swap.
    pub memory: Option<Memory>,
    /// Whether something keeps its clock right.
    pub is_synchronized: Option<bool>,
    /// How many files the process that leads the traffic may have open.
    pub open_files: Option<u64>,
    /// What systemd says.
    pub systemd: Option<Systemd>,
    /// What becomes of a login's programs; none where they are units of the system.
    pub survival: Option<Survival>,
    /// The nginx that leads the traffic, where one does.
    pub nginx: Option<Nginx>,
    /// The firewall that was set up here.
    pub firewall: Option<Firewall>,
    /// What is no longer as it was set up.
    pub drift: Option<Vec<Drift>>,
    /// The daemon.
    pub daemon: Daemon,
    /// What it has, by environment.
    pub environments: Vec<Environment>,
    /// Its audit log.
    pub audit: Option<Audit>,
}

/// What runs the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// A service of the system: it was provisioned.
    System,
    /// The login that was used, without root.
    User,
}

/// A disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Its size, in bytes.
    pub bytes: u64,
    /// What is free for others than root, in bytes.
    pub free_bytes: u64,
    /// How many files it takes; 0 where it does not count them.
    pub files: u64,
    /// How many more.
    pub free_files: u64,
}

/// Memory and swap, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// All of it.
    pub bytes: u64,
    /// What programs can still have without swap.
    pub available_bytes: u64,
    /// All of the swap.
    pub swap_bytes: u64,
    /// What is left of it.
    pub free_swap_bytes: u64,
}

/// What systemd says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Systemd {
    /// In a word, such as `running` or `degraded`.
    pub state: String,
    /// Units that have failed.
    pub failed: Vec<String>,
}

/// What becomes of what a login has started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survival {
    /// The login.
    pub login: String,
    /// Whether it counts as logged in, always.
    pub lingers: bool,
    /// Whether its programs are ended when it logs out.
    pub ends_at_logout: bool,
}

/// An nginx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nginx {
    /// What it says against its configuration; none when it takes it.
    pub trouble: Option<String>,
}

/// The daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Daemon {
    /// It answers.
    Answers(Box<plimsoll_api::Facts>),
    /// There never was one.
    Absent,
    /// None runs, and the next command would start one.
    Rests,
    /// It cannot be asked.
    Fails(Failure),
}

/// An environment on the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub key: EnvironmentKey,
    /// What serves.
    pub services: Vec<Service>,
    /// What is there.
    pub observed: Observed,
}

/// The audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// How many rows it has.
    pub rows: u64,
    /// Where it is not what it was; none when it is whole.
    pub broken: Option<String>,
}
