//! What requests and answers are made of.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::copy::Copies;
use plimsoll_model::deployment::{ComponentChange, Holder, Stage};
use plimsoll_model::plan::{DatabaseAt, Desired, Plan, Served};
use plimsoll_model::route::RouteSpec;
use plimsoll_model::slot::ObservedSlot;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, HostName, ReleaseId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Certificates, Enrolled, SecretValues};

/// What a host is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// Version of the daemon.
    pub version: String,
    /// Tells one build of the daemon from another.
    pub build: String,
    /// Operating system and architecture, such as `linux-x86_64`.
    pub platform: String,
    /// Name of the machine.
    pub machine: String,
    /// Process id of the daemon.
    pub pid: u32,
    /// When the daemon started.
    pub started_at: Moment,
    /// Process id of the proxy, while it runs.
    pub proxy_pid: Option<u32>,
    /// The proxy, while it runs.
    #[serde(default)]
    pub proxy: Option<Program>,
    /// The keepers of the proxy and of slots.
    #[serde(default)]
    pub keepers: Vec<Program>,
    /// Processor cores.
    pub cores: u32,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Free space where releases are kept, in bytes.
    pub disk_free_bytes: u64,
    /// The folder that holds all of the host's state.
    pub folder: String,
    /// The environments that it has.
    pub environments: Vec<EnvironmentKey>,
    /// Whether a deployment with a living lease is under way.
    pub busy: bool,
}

/// A process of Plimsoll's own on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Program {
    /// Its process id.
    pub pid: u32,
    /// Its version; none when it is too old to tell.
    pub version: Option<String>,
    /// Tells one build of it from another; none when the system does not tell.
    pub build: Option<String>,
}

/// Tells one build of a program from another, by its file: size in bytes, and time of change in seconds and nanoseconds.
#[must_use]
pub fn build_id(size: u64, changed: (i64, i64)) -> String {
    Digest::of_value(&(size, changed.0, changed.1)).short()
}

/// What an upgrade of a host has replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgraded {
    /// The proxy; none when it does not run or was of the daemon's build already.
    pub proxy: Option<Replaced>,
}

/// A process that gave way to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Replaced {
    /// What ran.
    pub from: Program,
    /// What runs now.
    pub to: Program,
}

/// What to look at when observing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The environment.
    pub key: EnvironmentKey,
    /// Releases of which to tell whether they are there.
    pub releases: BTreeSet<ReleaseId>,
    /// Ports of which to tell whether they are free.
    pub ports: BTreeSet<u16>,
    /// Databases of which to tell what migrations they have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub databases: BTreeMap<ComponentName, DatabaseAt>,
    /// The values of their secrets. Of those that are not here, the host takes the ones that it was given with their configuration.
    #[serde(default)]
    pub secrets: SecretValues,
    /// Whether to tell how long each sort of step took.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub step_times: bool,
}

impl Look {
    /// Looks at an environment, and at nothing that has to be asked for by name.
    #[must_use]
    pub fn at(key: EnvironmentKey) -> Self {
        Self {
            key,
            releases: BTreeSet::new(),
            ports: BTreeSet::new(),
            databases: BTreeMap::new(),
            secrets: SecretValues::default(),
            step_times: false,
        }
    }

    /// The same, with the databases that `host` is to look after.
    #[must_use]
    pub fn with_databases(&self, desired: &Desired, host: &HostName, secrets: &SecretValues) -> Self {
        let databases: BTreeMap<_, _> = desired.databases(host).map(|(name, at)| (name.clone(), at)).collect();
        let secrets = secrets.0.iter().filter(|(name, _)| databases.contains_key(*name)).map(|(name, values)| (name.clone(), values.clone()));
        Self { secrets: SecretValues(secrets.collect()), databases, ..self.clone() }
    }
}

/// Begins a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The name that the home host gave it; absent when the home host is asked.
    pub id: Option<DeploymentId>,
    /// The name of the host that is asked, as the plan calls it.
    pub host: HostName,
    /// What is to be done, for all hosts.
    pub plan: Plan,
    /// What it changes, by component.
    pub components: Vec<ComponentChange>,
    /// Who runs it.
    pub holder: Holder,
    /// Why, in the words of who runs it.
    pub reason: Option<String>,
    /// The name that its caller gave the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The values of the secrets that its slots get.
    pub secrets: SecretValues,
    /// The certificates that its routes show. A host may have them from before.
    #[serde(default, skip_serializing_if = "Certificates::is_empty")]
    pub certificates: Certificates,
}

/// A deployment that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "a deployment that was begun must be decided or rolled back"]
pub struct Opened {
    /// Its name.
    pub id: DeploymentId,
    /// How far it is: further than `running` when it was opened before.
    pub stage: Stage,
}

/// A component as it runs on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: ComponentName,
    /// What serves.
    pub served: Option<Served>,
    /// The version that serves.
    pub version: Option<String>,
    /// The commit that it was made from.
    pub commit: Option<String>,
    /// When it was switched to what serves.
    pub since: Option<Moment>,
    /// Whether it answers its health check right now.
    pub healthy: bool,
    /// Why it is not healthy.
    pub trouble: Option<String>,
    /// Its route, with the certificate that it shows right now.
    pub route: Option<RouteSpec>,
    /// How it stands with that, where an authority issues it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolled: Option<Enrolled>,
    /// When the last backup of it was taken that was verified, where it is a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backed_up_at: Option<Moment>,
    /// How it stands with copies of its backups, where they are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<Copies>,
    /// Its slots.
    pub slots: Vec<ObservedSlot>,
}
