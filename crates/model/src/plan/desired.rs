//! The state to reach: every component of an environment, with the release and the configuration it shall have.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DatabaseAt, MaxUnavailable};
use crate::check::{HealthCheck, Question};
use crate::database::{DatabaseSpec, Tool};
use crate::manifest::project::StrategyName;
use crate::policy::Policy;
use crate::route::RouteSpec;
use crate::slot::ProcessSpec;
use crate::{ComponentName, ConfigHash, Digest, HostName, RelPath, ReleaseId};

/// All components that an environment shall have; what is not here shall not be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Desired {
    /// By name.
    pub components: BTreeMap<ComponentName, DesiredComponent>,
    /// Who may change it from then on; nothing is said where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
}

/// A component as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DesiredComponent {
    /// Its release.
    pub release: ReleaseId,
    /// How it runs.
    pub kind: DesiredKind,
    /// Files and folders, relative to the release, that outlive releases.
    pub shared: Vec<RelPath>,
    /// Where its traffic comes from.
    pub route: Option<RouteSpec>,
    /// What must serve before it.
    pub depends_on: BTreeSet<ComponentName>,
    /// How it is replaced on each host.
    pub strategy: StrategyName,
    /// How many hosts are replaced at once; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<MaxUnavailable>,
    /// The hosts that it goes to; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<BTreeSet<HostName>>,
}

/// How a component runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DesiredKind {
    /// In a slot.
    Process(ProcessSpec),
    /// As files that the route serves.
    Site {
        /// The folder, relative to the release.
        root: RelPath,
    },
    /// Not at all: a database, which is brought to the migrations of its release.
    Database(DatabaseSpec),
}

impl DesiredKind {
    /// The database that it is.
    #[must_use]
    pub fn database(&self) -> Option<&DatabaseSpec> {
        if let Self::Database(spec) = self { Some(spec) } else { None }
    }
}

impl Desired {
    /// The databases that `host` is to look after.
    pub fn databases(&self, host: &HostName) -> impl Iterator<Item = (&ComponentName, DatabaseAt)> {
        let at = |(name, wanted): (_, &DesiredComponent)| Some((name, DatabaseAt::of(wanted.kind.database()?, wanted.config())));
        self.on(host).filter_map(at)
    }

    /// The components whose secrets `host` is to have, each with the configuration that they belong to: those that go there, and those to which the tool
    /// of a database belongs.
    pub fn configured(&self, host: &HostName) -> impl Iterator<Item = (&ComponentName, ConfigHash)> {
        self.on(host).flat_map(|(name, wanted)| {
            let config = wanted.config();
            std::iter::once(name).chain(wanted.tool().map(|tool| &tool.component)).map(move |name| (name, config))
        })
    }

    /// The components that go to `host`.
    pub fn on(&self, host: &HostName) -> impl Iterator<Item = (&ComponentName, &DesiredComponent)> {
        self.components.iter().filter(move |(_, wanted)| wanted.is_for(host))
    }
}

impl DesiredComponent {
    /// Whether it goes to `host`.
    #[must_use]
    pub fn is_for(&self, host: &HostName) -> bool {
        self.hosts.as_ref().is_none_or(|hosts| hosts.contains(host))
    }

    /// The project's own tool, where it is a database that has one.
    #[must_use]
    pub fn tool(&self) -> Option<&Tool> {
        Some(&self.kind.database()?.own.as_ref()?.tool)
    }

    /// Names all that makes a slot what it is, beside its release. The route is not part of it: a slot
    /// need not be started anew because its traffic comes from elsewhere.
    #[must_use]
    pub fn config(&self) -> ConfigHash {
        ConfigHash(Digest::of_value(&(&self.kind, &self.shared)))
    }

    /// What to GET through the route to learn whether the component serves: its health path where that lies on the
    /// route, else what the proxy itself answers for it.
    #[must_use]
    pub fn route_check(&self) -> Option<(&RouteSpec, String)> {
        let route = self.route.as_ref()?;
        let asked = match &self.kind {
            DesiredKind::Site { .. } => Some("/"),
            DesiredKind::Process(ProcessSpec { health: HealthCheck { question: Question::Http { path }, .. }, .. }) => Some(path.as_str()),
            DesiredKind::Process(_) | DesiredKind::Database(_) => None,
        };
        let prefix = route.matches.path.trim_end_matches('/');
        let inside = |path: &str| path == prefix || path.starts_with(&format!("{prefix}/"));
        let path = match asked {
            Some(path) if prefix.is_empty() => path.to_owned(),
            Some(path) if route.strip_prefix || path == "/" => format!("{prefix}{path}"),
            Some(path) if inside(path) => path.to_owned(),
            _ => format!("{prefix}/_deploy/health"),
        };
        Some((route, path))
    }
}
