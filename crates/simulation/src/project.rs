//! From a scenario's components to what is wanted of hosts.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::SecretValues;
use plimsoll_engine::Shipment;
use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::manifest::project::StrategyName;
use plimsoll_model::plan::{Desired, DesiredComponent, DesiredKind};
use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::route::{Match, RouteSpec};
use plimsoll_model::slot::{Limits, ProcessSpec};
use plimsoll_model::{ComponentName, Digest, EnvironmentKey, HostName, RelPath, ReleaseId, Secret};
use plimsoll_testkit::world::{Behaviour, Machine};

use crate::scenario::{Ask, Kind, Part, Place, Scenario, Version};

/// How long a lease lasts, in milliseconds.
pub(crate) const LEASE_MS: u64 = 2_000;
/// How long a slot may take until it is healthy, in milliseconds.
const START_TIMEOUT_MS: u64 = 5_000;
/// The name of the secret that a component may have.
const SECRET: &str = "TOKEN";

/// The environment that everything happens to.
pub(crate) fn key() -> EnvironmentKey {
    let good = "it is a name";
    EnvironmentKey { project: "shop".parse().expect(good), environment: "production".parse().expect(good) }
}

/// The name of the component with this number.
pub(crate) fn name(number: usize) -> ComponentName {
    format!("c{number}").parse().expect("a letter and a number make a name")
}

/// The name of a release.
pub(crate) fn release(component: usize, release: u8) -> ReleaseId {
    ReleaseId(Digest::of(format!("release {release} of component {component}").as_bytes()))
}

impl Scenario {
    /// The state to reach when these versions are deployed.
    pub(crate) fn desired(&self, versions: &[Option<Version>]) -> Desired {
        let there: BTreeSet<ComponentName> = versions.iter().enumerate().filter(|(_, version)| version.is_some()).map(|(at, _)| name(at)).collect();
        let wanted = self.parts.iter().zip(versions).enumerate();
        let wanted = wanted.filter_map(|(at, (part, version))| Some((name(at), part.desired(at, (*version)?, &there, self.hosts))));
        Desired { components: wanted.collect(), policy: None }
    }

    /// The values of the secrets of these versions.
    pub(crate) fn secrets(&self, versions: &[Option<Version>]) -> SecretValues {
        let with = self.parts.iter().zip(versions).enumerate().filter(|(_, (part, version))| part.secret && version.is_some());
        SecretValues(with.map(|(at, _)| (name(at), BTreeMap::from([(SECRET.to_owned(), Secret::new("hidden".to_owned()))]))).collect())
    }

    /// What may have to be brought to hosts for these versions.
    pub(crate) fn shipments(&self, versions: &[Option<Version>]) -> BTreeMap<ComponentName, Shipment> {
        let some = versions.iter().enumerate().filter_map(|(at, version)| Some((at, (*version)?)));
        some.map(|(at, version)| (name(at), shipment(at, version.release))).collect()
    }

    /// How the releases behave, wherever they run.
    pub(crate) fn behave(&self, machine: &Machine) {
        for (at, part) in self.parts.iter().enumerate() {
            part.odd.iter().for_each(|(number, behaviour)| machine.behaves(release(at, *number), *behaviour));
        }
    }

    /// Whether nothing of these versions stands in the way of a deployment.
    pub(crate) fn is_sound(&self, versions: &[Option<Version>]) -> bool {
        let mut with = self.parts.iter().zip(versions).filter_map(|(part, version)| Some((part, (*version)?)));
        with.all(|(part, version)| match part.behaviour(version.release) {
            Behaviour::Serves => true,
            // Well before the time is over, however long effects take.
            Behaviour::Slow(ms) => ms + 500 < START_TIMEOUT_MS && part.ask != Ask::StaysUp,
            Behaviour::NeverHealthy | Behaviour::ExitsAtOnce | Behaviour::Dies(_) => part.kind == Kind::Site,
        })
    }
}

impl Part {
    /// How the slots of a release behave.
    pub(crate) fn behaviour(&self, release: u8) -> Behaviour {
        self.odd.iter().find(|(odd, _)| *odd == release).map_or(Behaviour::Serves, |(_, behaviour)| *behaviour)
    }

    fn desired(&self, at: usize, version: Version, there: &BTreeSet<ComponentName>, hosts: u8) -> DesiredComponent {
        DesiredComponent {
            release: release(at, version.release),
            kind: match self.kind {
                Kind::Site => DesiredKind::Site { root: path("dist") },
                Kind::BlueGreen | Kind::Recreate => DesiredKind::Process(self.process(version)),
            },
            shared: Vec::new(),
            route: self.routed.then(|| route(at, version)),
            depends_on: self.needs.iter().map(|need| name(usize::from(*need))).filter(|need| there.contains(need)).collect(),
            strategy: if self.kind == Kind::Recreate { StrategyName::Recreate } else { StrategyName::BlueGreen },
            rolling: self.rolling,
            hosts: places(version.moved.unwrap_or(self.place), hosts),
        }
    }

    fn process(&self, version: Version) -> ProcessSpec {
        let question = match self.ask {
            Ask::Http => Question::Http { path: "/health".into() },
            Ask::Connect => Question::Connect,
            Ask::StaysUp => Question::StaysUp { for_ms: 300 },
        };
        ProcessSpec {
            run: "./run".into(),
            health: HealthCheck { question, interval_ms: 100, timeout_ms: 1_000 },
            env: BTreeMap::from([("CONFIG".to_owned(), version.config.to_string())]),
            secrets: if self.secret { BTreeMap::from([(SECRET.to_owned(), Digest::of(b"hidden"))]) } else { BTreeMap::new() },
            user: None,
            limits: Limits::default(),
            start_timeout_ms: START_TIMEOUT_MS,
            drain_timeout_ms: 1_000,
        }
    }
}

/// The hosts that are meant, of so many; none when it is all of them.
fn places(place: Place, hosts: u8) -> Option<BTreeSet<HostName>> {
    let meant: BTreeSet<HostName> = (0..hosts).filter(|number| place & (1 << number) != 0).map(host).collect();
    (!meant.is_empty()).then_some(meant)
}

/// The name of the host with this number.
pub(crate) fn host(number: u8) -> HostName {
    format!("h{}", number + 1).parse().expect("a letter and a number make a name")
}

fn route(at: usize, version: Version) -> RouteSpec {
    let port = 4_000 + u16::from(version.route) * 100 + u16::try_from(at).unwrap_or(0);
    let matches = Match { port, host: None, path: "/".into() };
    RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 1_000, tls: None }
}

/// A release of one file.
fn shipment(at: usize, number: u8) -> Shipment {
    let id = release(at, number);
    let content = FileContent::File { digest: id.0, size: 1, executable: true };
    let files = vec![FileEntry { path: path("run"), content }];
    Shipment { manifest: ReleaseManifest { id, component: name(at), files }, files: BTreeMap::from([(id.0, "run".into())]) }
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("it is a path")
}
