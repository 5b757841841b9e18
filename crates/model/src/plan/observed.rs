//! What a host was seen to hold for one environment: facts, gathered before anything is judged.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::StepKind;
use crate::backup::Schedule;
use crate::copy::CopySpec;
use crate::database::{Applied, DatabaseKind, DatabaseSpec, Location, Migration, Own};
use crate::deployment::{Holder, Stage};
use crate::policy::Policy;
use crate::route::{Match, RouteSpec};
use crate::slot::ObservedSlot;
use crate::time::Moment;
use crate::{ComponentName, ConfigHash, DeploymentId, Digest, EnvironmentKey, RelPath, ReleaseId, SlotId, StateHash};

/// A host as it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observed {
    /// Operating system and architecture, such as `linux-x86_64`.
    pub platform: String,
    /// What the environment has there.
    pub components: BTreeMap<ComponentName, ObservedComponent>,
    /// Releases whose files are all there, of the ones that were asked for.
    pub releases: BTreeSet<ReleaseId>,
    /// Who uses the ports that were asked for and are not free.
    pub ports: BTreeMap<u16, PortUse>,
    /// Routes of other environments on this host.
    pub foreign_routes: Vec<(EnvironmentKey, Match)>,
    /// Whether all routes of a port have to speak TLS there or none of them, as with nginx.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub one_protocol: bool,
    /// The migrations that each database has, of those that were asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub databases: BTreeMap<ComponentName, Vec<Applied>>,
    /// Free space where releases are kept, in bytes.
    pub disk_free_bytes: u64,
    /// The deployment that is not settled yet, if there is one.
    pub open: Option<OpenDeployment>,
    /// Who may change it, as stands on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Policy>,
    /// How long it took to bring each component up, median of the last times, in milliseconds.
    pub durations_ms: BTreeMap<ComponentName, u64>,
    /// How long each sort of step took for each component, when that was asked for: median of the last times, in milliseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub steps_ms: BTreeMap<ComponentName, BTreeMap<StepKind, u64>>,
}

/// A component as it was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedComponent {
    /// What serves.
    pub served: Option<Served>,
    /// Its slots, in whatever condition.
    pub slots: Vec<ObservedSlot>,
    /// The number that its next slot gets.
    pub next_slot: u32,
    /// Releases that are staged, the last used first.
    pub staged: Vec<ReleaseId>,
    /// Releases that a rollback may still need, because a kept deployment names them.
    pub needed: BTreeSet<ReleaseId>,
}

/// What serves for a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Served {
    /// Where requests end up.
    pub target: Target,
    /// The release behind it.
    pub release: ReleaseId,
    /// How it is configured.
    pub config: ConfigHash,
    /// The route that leads to it.
    pub route: Option<RouteSpec>,
    /// The deployment that made it serve; absent in a plan, where it is the plan's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
}

/// Where the requests of a component end up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum Target {
    /// In a slot.
    Slot {
        /// Its name.
        slot: SlotId,
    },
    /// In the files of a staged release.
    Site {
        /// The folder, relative to the release.
        root: RelPath,
    },
    /// Nowhere: a database has these migrations.
    Database {
        /// What it is.
        engine: DatabaseKind,
        /// Where it is.
        location: Location,
        /// In their order.
        migrations: Vec<Migration>,
        /// The project's own tool that applied them, in the place of ours.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        own: Option<Box<Own>>,
        /// When its host backs it up by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schedule: Option<Schedule>,
        /// What is wanted of copies of its backups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copy: Option<Box<CopySpec>>,
    },
}

/// How a host gets at a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatabaseAt {
    /// What it is.
    pub engine: DatabaseKind,
    /// Where it is.
    pub location: Location,
    /// The configuration that the values of its secrets belong to.
    pub config: ConfigHash,
    /// What is wanted of copies of its backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopySpec>,
}

impl DatabaseAt {
    /// How to get at a database that is configured so.
    #[must_use]
    pub fn of(spec: &DatabaseSpec, config: ConfigHash) -> Self {
        Self { engine: spec.engine, location: spec.location.clone(), config, copy: spec.copy.clone() }
    }
}

impl Served {
    /// The project's own tool that migrated it, where it is such a database.
    #[must_use]
    pub fn own(&self) -> Option<&Own> {
        if let Target::Database { own, .. } = &self.target { own.as_deref() } else { None }
    }

    /// How to get at the database that serves, where it is one.
    #[must_use]
    pub fn database(&self) -> Option<DatabaseAt> {
        let Target::Database { engine, location, copy, .. } = &self.target else { return None };
        Some(DatabaseAt { engine: *engine, location: location.clone(), config: self.config, copy: copy.as_deref().cloned() })
    }
}

impl Target {
    /// The slot, where there is one.
    #[must_use]
    pub fn slot(&self) -> Option<&SlotId> {
        if let Target::Slot { slot } = self { Some(slot) } else { None }
    }
}

/// Who uses a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum PortUse {
    /// The proxy of this host: routes may share it.
    Proxy,
    /// A program that is none of ours.
    Other,
}

/// A deployment that is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenDeployment {
    /// Its name.
    pub id: DeploymentId,
    /// Who runs it.
    pub holder: Holder,
    /// How far it is on this host.
    pub stage: Stage,
    /// When its lease ends.
    pub lease_until: Moment,
    /// Whether the lease ended already, by the host's clock.
    pub expired: bool,
}

impl Observed {
    /// Names all that a plan relies on. What comes and goes by itself (process ids, restarts, free space) is left out.
    #[must_use]
    pub fn state(&self) -> StateHash {
        let components: BTreeMap<_, _> = self
            .components
            .iter()
            .map(|(name, seen)| {
                let slots: Vec<_> = seen.slots.iter().map(|slot| (&slot.slot, slot.release, slot.config)).collect();
                (name, (&seen.served, slots, seen.next_slot, &seen.staged))
            })
            .collect();
        StateHash(Digest::of_value(&(components, &self.databases)))
    }
}
