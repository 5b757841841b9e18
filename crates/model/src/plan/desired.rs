//! The state to reach: every component of an environment, with the release and the configuration it shall have.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::manifest::project::StrategyName;
use crate::route::RouteSpec;
use crate::slot::ProcessSpec;
use crate::{ComponentName, ConfigHash, Digest, ReleaseId, RelPath};

/// All components that an environment shall have; what is not here shall not be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// By name.
    pub components: BTreeMap<ComponentName, DesiredComponent>,
}

/// A component as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// How it is replaced.
    pub strategy: StrategyName,
}

/// How a component runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DesiredKind {
    /// In a slot.
    Process(ProcessSpec),
    /// As files that the route serves.
    Site {
        /// The folder, relative to the release.
        root: RelPath,
    },
}

impl DesiredComponent {
    /// Names all that makes a slot what it is, beside its release. The route is not part of it: a slot
    /// need not be started anew because its traffic comes from elsewhere.
    #[must_use]
    pub fn config(&self) -> ConfigHash {
        ConfigHash(Digest::of_value(&(&self.kind, &self.shared)))
    }
}
