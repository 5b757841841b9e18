//! What a manifest says, once it has been judged: the project, with every default filled in.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backup::BackupPolicy;
use crate::check::HealthCheck;
use crate::copy::CopySpec;
use crate::database::{DatabaseKind, Location, Tool};
use crate::plan::MaxUnavailable;
use crate::policy::Policy;
use crate::route::RouteSpec;
use crate::slot::Limits;
use crate::{ComponentName, EnvironmentName, HostName, ProjectName, Recipient, RelPath};

/// A project, as its manifest describes it for one environment: overrides are applied, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name.
    pub name: ProjectName,
    /// Its version, when the manifest names one.
    pub version: Option<String>,
    /// The environment that this view of it is for.
    pub environment: Environment,
    /// Its components.
    pub components: BTreeMap<ComponentName, Component>,
    /// Commands run at certain moments.
    pub hooks: Hooks,
    /// Where the values of its secrets come from.
    pub secrets: SecretSources,
}

/// Where the values of secrets come from, beside the variables of whoever deploys.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretSources {
    /// Who can read the file with the environment's secrets.
    pub recipients: Vec<Recipient>,
    /// Commands that each print the value of one secret, by its name.
    pub commands: BTreeMap<String, String>,
    /// Command that prints the value of any secret that has no command of its own.
    pub command: Option<String>,
}

impl SecretSources {
    /// The command that prints the value of `secret`.
    #[must_use]
    pub fn command_for(&self, secret: &str) -> Option<&str> {
        self.commands.get(secret).or(self.command.as_ref()).map(String::as_str)
    }
}

/// A named place to deploy to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its name.
    pub name: EnvironmentName,
    /// The branch that it takes its source from by default; the checked-out one when absent.
    pub branch: Option<String>,
    /// Its hosts, the home host first. `local` has just this machine.
    pub hosts: Vec<HostName>,
    /// How long a lease lasts when it is not renewed, in milliseconds.
    pub lease_ms: u64,
    /// How many releases of each component are kept for rolling back.
    pub keep_releases: u32,
    /// Whether `deploy` waits for a yes.
    pub confirm: bool,
    /// Takes the work tree as it is, uncommitted changes included, unless a commit is asked for.
    pub work_tree: bool,
    /// Refuses migrations that could hurt.
    pub safe_migrations: bool,
    /// Who may change it.
    pub policy: Policy,
    /// What it wants of the backups of its databases.
    pub backups: BackupPolicy,
}

/// A deployable part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its folder, below the project's.
    pub path: RelPath,
    /// Further files and folders of the project that it is made from, beside those below `path`.
    pub sources: Vec<RelPath>,
    /// How it is built; when absent, its folder is its release.
    pub build: Option<Build>,
    /// Command that tests it after its build.
    pub test: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Where its traffic comes from, if it has any.
    pub route: Option<RouteSpec>,
    /// Where the certificate of its route comes from, if it speaks HTTPS. The route itself has none yet: files are not read here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsSource>,
    /// Components that must serve before it.
    pub depends_on: BTreeSet<ComponentName>,
    /// Files and folders, relative to the release, that outlive releases.
    pub shared: Vec<RelPath>,
    /// How it is replaced on each host.
    pub strategy: StrategyName,
    /// How many hosts are replaced at once; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<MaxUnavailable>,
    /// The hosts that it goes to; all of the environment's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<BTreeSet<HostName>>,
}

/// A certificate as the manifest names it, and what comes with HTTPS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSource {
    /// Where it comes from.
    pub source: CertificateSource,
    /// The port of plain HTTP from where requests are sent to HTTPS.
    pub redirect_from: Option<u16>,
    /// For how long clients are told to come by HTTPS only, in seconds.
    pub hsts_s: u64,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateSource {
    /// From files of the machine where plimsoll is called.
    Files(CertificateFiles),
    /// From an authority that the host asks.
    Acme(Acme),
}

impl CertificateSource {
    /// The files, where it comes from files.
    #[must_use]
    pub fn files(&self) -> Option<&CertificateFiles> {
        if let Self::Files(files) = self { Some(files) } else { None }
    }

    /// The authority, where it comes from one.
    #[must_use]
    pub fn acme(&self) -> Option<&Acme> {
        if let Self::Acme(acme) = self { Some(acme) } else { None }
    }
}

/// An authority that issues certificates by ACME.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Acme {
    /// The mail address that it writes to.
    pub contact: String,
    /// URL of its directory.
    pub directory: String,
    /// The PEM file of what it is trusted by itself, where that is none of those that everybody trusts. Relative to the project's folder, or
    /// absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
}

/// A certificate and its private key, by where they are. Paths are relative to the project's folder, or absolute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CertificateFiles {
    /// The PEM file of the chain.
    pub certificate: String,
    /// Where the private key is.
    pub key: KeySource,
}

/// Where a private key is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// In a PEM file.
    File(String),
    /// In the secret of this name.
    Secret(String),
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Secret(name) => write!(f, "secret {name}"),
        }
    }
}

/// What a component is: this decides how it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A program that the host runs.
    Process(Process),
    /// A folder of files that the route serves itself.
    Site {
        /// The folder, relative to the release.
        root: RelPath,
    },
    /// A database, whose folder holds its migrations.
    Database {
        /// What it is.
        engine: DatabaseKind,
        /// Where it is.
        location: Location,
        /// What is wanted of copies of its backups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copy: Option<CopySpec>,
        /// Nothing may write while its migrations are applied.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        exclusive: bool,
        /// The project's own tool that applies its migrations.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own: Option<Box<OwnTool>>,
    },
}

/// The project's own tool that applies a database's migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTool {
    /// How it is run.
    pub tool: Tool,
    /// The folder of its migrations, below the project's.
    pub folder: RelPath,
}

impl Kind {
    /// Names of the secrets that it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let (of_program, of_database, of_copies) = match self {
            Self::Process(process) => (Some(&process.secrets), None, None),
            Self::Database { location, copy, own, .. } => (own.as_ref().map(|own| &own.tool.secrets), location.secret(), copy.as_ref()),
            Self::Site { .. } => (None, None, None),
        };
        let of_copies = of_copies.into_iter().flat_map(|copy| copy.access.secrets());
        of_program.into_iter().flatten().map(String::as_str).chain(of_database).chain(of_copies)
    }
}

/// How a program is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Command line, run by `/bin/sh -c` in the release's folder; gets `PORT`.
    pub run: String,
    /// How to find out whether it serves.
    pub health: HealthCheck,
    /// Its environment variables.
    pub env: BTreeMap<String, String>,
    /// Names of the secrets that it gets as environment variables.
    pub secrets: BTreeSet<String>,
    /// The user that it runs as, where the host allows it.
    pub user: Option<String>,
    /// What it may use.
    pub limits: Limits,
    /// How long it may take until it is healthy, in milliseconds.
    pub start_timeout_ms: u64,
    /// How long it may take to finish requests and stop, in milliseconds; then it is killed.
    pub drain_timeout_ms: u64,
}

/// How a component is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Command line, run by `/bin/sh -c` in the component's folder.
    pub command: String,
    /// What it gives: files and folders relative to the component's folder. Each lands in the
    /// release under its last name; `.` stands for the whole folder.
    pub output: Vec<RelPath>,
}

/// How a component is replaced on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyName {
    /// The new slot starts beside the old one; the route flips; the old one drains and stops.
    BlueGreen,
    /// The old slot stops, then the new one starts: for what cannot run twice.
    Recreate,
}

/// Commands run on the operator's machine at certain moments, with the deployment's facts in their environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hooks {
    /// Before anything is built. A failure ends the deployment.
    pub before_build: Option<String>,
    /// After all is prepared, before the first route is switched. A failure rolls back.
    pub before_switch: Option<String>,
    /// After the commit. A failure is reported and changes nothing.
    pub after_commit: Option<String>,
    /// After a roll back. A failure is reported and changes nothing.
    pub after_rollback: Option<String>,
}
