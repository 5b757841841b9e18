//! What cases are written with: a project with two components, and one call for each thing that is done with it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_api::{Certificates, HostApi, HostError, HostEvent, Look, Open, Opened, Order, Report, SecretValues};
use plimsoll_model::deployment::{DeploymentRecord, Failure, Holder};
use plimsoll_model::plan::{Desired, Intent, Observed, Plan, Terms, make};
use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::slot::ObservedSlot;
use plimsoll_model::source::Source;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, HostName, RelPath, ReleaseId};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{Program, Stage, wanted};
use crate::fixtures::free_port;

/// A lease that no case outlives, in milliseconds.
pub(super) const LONG_MS: u64 = 3_600_000;
/// A lease that runs out within a case, in milliseconds.
pub(super) const SHORT_MS: u64 = 2_000;
/// Far more than anything takes that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often what tells no event is looked at.
const PAUSE: Duration = Duration::from_millis(20);

/// A host on its stage, and a project that is deployed there.
pub struct Scene {
    stage: Box<dyn Stage>,
    files: TempDir,
    ports: BTreeMap<ComponentName, u16>,
}

/// What became of an order.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) answer: Result<Report, HostError>,
    pub(super) events: Vec<HostEvent>,
}

impl Scene {
    /// Nothing is deployed yet.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    #[must_use]
    pub fn new(stage: Box<dyn Stage>) -> Self {
        let files = tempfile::tempdir().expect("the temporary folder takes a folder");
        let ports = ["back", "front"].into_iter().map(|component| (name(component), free_port())).collect();
        Self { stage, files, ports }
    }

    pub(super) fn host(&self) -> &dyn HostApi {
        self.stage.host()
    }

    pub(super) fn stage(&self) -> &dyn Stage {
        self.stage.as_ref()
    }

    /// The port of a component's route.
    pub(super) fn port(&self, component: &str) -> u16 {
        self.ports[&name(component)]
    }

    /// The version that answers at a component's route.
    pub(super) async fn version(&self, component: &str) -> Option<String> {
        self.stage.ask(self.port(component)).await
    }

    /// Writes the file of a program's release; answers its hash and its place.
    pub(super) fn file(&self, program: &Program) -> (Digest, PathBuf) {
        let path = self.files.path().join(program.release().to_string());
        std::fs::write(&path, program.text()).expect("the temporary folder takes a file");
        (Digest::of(program.text().as_bytes()), path)
    }

    /// The release of a program.
    pub(super) fn manifest(&self, component: &str, program: &Program) -> ReleaseManifest {
        self.stage.made(program);
        let content = FileContent::File { digest: self.file(program).0, size: program.text().len() as u64, executable: false };
        let file = FileEntry { path: RelPath::new("service.txt").expect("it is a path"), content };
        ReleaseManifest { id: program.release(), component: name(component), files: vec![file] }
    }

    /// Brings the release of a program to the host.
    pub(super) async fn supply(&self, component: &str, program: &Program) {
        let manifest = self.manifest(component, program);
        if !self.host().offer(&manifest).await.expect("the release can be offered").is_empty() {
            self.host().upload(vec![self.file(program)]).await.expect("its file can be brought");
            assert_eq!(self.host().offer(&manifest).await, Ok(vec![]), "all of it was brought");
        }
    }

    /// What the host holds.
    pub(super) async fn look(&self) -> Observed {
        self.look_for(&key("local"), []).await
    }

    /// What the host holds for an environment, with the releases of these programs.
    pub(super) async fn look_for<const N: usize>(&self, key: &EnvironmentKey, programs: [Program; N]) -> Observed {
        let releases: BTreeSet<ReleaseId> = programs.iter().map(Program::release).collect();
        let look = Look { releases, ..Look::at(key.clone()) };
        self.host().observe(look).await.expect("a host can be observed")
    }

    /// The one slot that there is.
    pub(super) async fn slot(&self) -> ObservedSlot {
        let slots: Vec<_> = self.look().await.components.into_values().flat_map(|component| component.slots).collect();
        <[_; 1]>::try_from(slots).expect("there is one slot")[0].clone()
    }

    /// The state in which the component `back` runs this program.
    pub(super) fn back(&self, program: &Program) -> Desired {
        let wanted = wanted::component(self.stage.command(), program, self.port("back"));
        Desired { components: BTreeMap::from([(name("back"), wanted)]), policy: None }
    }

    /// The same, and `front`, which needs it, runs that program.
    pub(super) fn back_and_front(&self, back: &Program, front: &Program) -> Desired {
        let mut desired = self.back(back);
        let mut wanted = wanted::component(self.stage.command(), front, self.port("front"));
        wanted.depends_on = BTreeSet::from([name("back")]);
        desired.components.insert(name("front"), wanted);
        desired
    }

    /// A plan from what the host holds to this state, with a lease that no case outlives.
    pub(super) async fn plan(&self, desired: Desired) -> Plan {
        self.plan_for(&key("local"), desired).await
    }

    /// The same for another environment.
    pub(super) async fn plan_for(&self, key: &EnvironmentKey, desired: Desired) -> Plan {
        self.make(key, Intent::Deploy, desired).await
    }

    /// A plan to take the environment away.
    pub(super) async fn plan_down(&self) -> Plan {
        self.make(&key("local"), Intent::Down, Desired::default()).await
    }

    async fn make(&self, key: &EnvironmentKey, intent: Intent, desired: Desired) -> Plan {
        let source = Source { version: "v".into(), ..Source::default() };
        let terms = Terms {
            key: key.clone(),
            intent,
            source,
            home: HostName::local(),
            lease_ms: LONG_MS,
            keep_releases: 5,
            keep_backups: None,
            restore: BTreeMap::new(),
            put_back: BTreeMap::new(),
            policy: None,
        };
        make(terms, desired, &BTreeMap::from([(HostName::local(), self.look_for(key, []).await)])).expect("there is a plan")
    }

    /// Begins a deployment.
    pub(super) async fn open(&self, plan: &Plan) -> DeploymentId {
        self.try_open(request(plan)).await.expect("the deployment begins").id
    }

    pub(super) async fn try_open(&self, open: Open) -> Result<Opened, HostError> {
        self.host().open(open).await
    }

    /// Brings a program and begins a deployment that makes it `back`.
    pub(super) async fn begin(&self, program: &Program) -> DeploymentId {
        self.begin_for(program, LONG_MS).await
    }

    /// The same with a lease of so many milliseconds.
    pub(super) async fn begin_for(&self, program: &Program, lease_ms: u64) -> DeploymentId {
        self.supply("back", program).await;
        self.open(&Plan { lease_ms, ..self.plan(self.back(program)).await }).await
    }

    /// Gives an order, and waits until it is carried out or refused.
    pub(super) async fn tell(&self, id: &DeploymentId, order: Order) -> Told {
        let (events, mut happened) = mpsc::unbounded_channel();
        let answer = self.host().order(id, order, events).await;
        Told { answer, events: std::iter::from_fn(|| happened.try_recv().ok()).collect() }
    }

    /// Gives orders that are carried out.
    pub(super) async fn obey<const N: usize>(&self, id: &DeploymentId, orders: [Order; N]) -> Vec<Report> {
        let mut reports = Vec::new();
        for order in orders {
            let told = self.tell(id, order.clone()).await;
            reports.push(told.answer.unwrap_or_else(|error| panic!("{order:?}: {error:?}")));
        }
        reports
    }

    /// Brings a program and makes it `back`, with all that belongs to it.
    pub(super) async fn deploy(&self, program: &Program) -> DeploymentId {
        let id = self.begin(program).await;
        self.obey(&id, forward(0)).await;
        self.obey(&id, [Order::Decide, Order::Commit]).await;
        id
    }

    /// Kills the host process, and returns when another one answers.
    pub(super) async fn restart(&self) {
        self.stage.kill().await;
        self.revive().await;
    }

    /// Returns when a host process answers. A connection that broke may be noticed with the first question only.
    pub(super) async fn revive(&self) {
        while let Err(error) = self.host().facts().await {
            assert_eq!(error.code(), "host-unreachable", "{error}");
        }
    }

    /// Kills the host process at the first event of an order that is `the_one`; answers what the order came to.
    pub(super) async fn kill_at(&self, id: &DeploymentId, order: Order, the_one: impl Fn(&HostEvent) -> bool) -> Result<Report, HostError> {
        let (events, mut happened) = mpsc::unbounded_channel();
        let kill = async {
            while let Some(event) = happened.recv().await {
                if the_one(&event) {
                    return self.stage.kill().await;
                }
            }
            panic!("the order ended before it was to be cut off");
        };
        let (answer, ()) = tokio::join!(self.host().order(id, order, events), kill);
        self.revive().await;
        answer
    }

    /// Lets time pass.
    pub(super) async fn pass(&self, ms: u64) {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// Waits until no deployment is open.
    pub(super) async fn settled(&self) {
        let settled = async {
            while self.look().await.open.is_some() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(PATIENCE, settled).await.expect("the host settles by itself");
    }

    /// The newest deployment.
    pub(super) async fn last(&self) -> DeploymentRecord {
        let history = self.host().history(&key("local"), 1).await.expect("there is a history");
        <[_; 1]>::try_from(history).expect("there is a deployment")[0].clone()
    }
}

/// The orders that bring a level up.
pub(super) fn forward(level: u32) -> [Order; 3] {
    [Order::Prepare { level }, Order::Switch { level }, Order::Verify { level }]
}

/// The order to undo all.
pub(super) fn roll_back() -> Order {
    Order::RollBack { failure: Failure::new("changed-my-mind", "someone changed their mind") }
}

/// What begins a deployment, as its home host is asked.
pub(super) fn request(plan: &Plan) -> Open {
    let holder = Holder { user: "ada".into(), machine: "laptop".into(), pid: 7, surface: "cli".into() };
    let (id, reason, secrets) = (None, Some("why not".into()), SecretValues::default());
    let (host, certificates) = (HostName::local(), Certificates::default());
    Open { id, host, plan: plan.clone(), components: vec![], holder, reason, idempotency_key: Some("once".into()), secrets, certificates }
}

/// An environment of the project.
pub(super) fn key(environment: &str) -> EnvironmentKey {
    EnvironmentKey { project: "shop".parse().expect("it is a name"), environment: environment.parse().expect("it is a name") }
}

/// A component's name.
pub(super) fn name(component: &str) -> ComponentName {
    component.parse().expect("it is a name")
}
