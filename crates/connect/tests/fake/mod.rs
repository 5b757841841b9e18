//! A host that does nothing but remember what it was asked, behind the real daemon's server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use plimsoll_api::wire::piece::{Place, Search};
use plimsoll_api::{
    ApprovalQuery, AuditPage, AuditQuery, BackupQuery, Certificates, CopyAnswer, CopyQuery, Enrolled, Events, Facts, HostApi, HostError, HostEvent,
    LogLine, LogQuery, Look, Open, Opened, Order, Report, SchemaQuery, SecretDigests, SecretValues, Service, Upgraded, What,
};
use plimsoll_connect::Client;
use plimsoll_host::folders::Folders;
use plimsoll_host::serve::{self, Intake, Owners};
use plimsoll_model::approval::Asked;
use plimsoll_model::audit::{Action, Actor, Deed, Ending, Entry, Mark};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::{DeploymentRecord, Failure, Holder, Stage};
use plimsoll_model::plan::{Desired, Intent, Observed, PLAN_VERSION, Phase, Plan, StepRef};
use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::source::Source;
use plimsoll_model::time::Moment;
use plimsoll_model::{
    ComponentName, DeploymentId, Digest, EnvironmentKey, EnvironmentName, HostName, ProjectName, RelPath, ReleaseId, Secret, SlotId,
};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// The host.
pub struct Fake {
    /// What it says it is.
    pub build: String,
    /// The version that it says it has.
    pub version: String,
    /// Whether it says that a deployment is under way.
    pub busy: bool,
    /// What it was asked, in words.
    pub asked: Mutex<Vec<String>>,
    /// What it answers instead, when that is set.
    pub error: Mutex<Option<HostError>>,
    /// Files that it was sent: size by hash.
    pub taken: Mutex<BTreeMap<Digest, u64>>,
    /// How many events an order has; before the last of them it waits for `go`, or until nobody listens.
    pub events: u32,
    /// Lets orders end.
    pub go: Semaphore,
    /// Told when an order has ended or was broken off.
    pub ended: Notify,
    /// Told when reading logs was given up.
    pub unread: Notify,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            build: "one".into(),
            version: "0.1.0".into(),
            busy: false,
            asked: Mutex::default(),
            error: Mutex::default(),
            taken: Mutex::default(),
            events: 3,
            go: Semaphore::new(0),
            ended: Notify::new(),
            unread: Notify::new(),
        }
    }
}

impl Fake {
    fn told<T>(&self, words: String, answer: T) -> Result<T, HostError> {
        self.asked.lock().unwrap().push(words);
        self.error.lock().unwrap().clone().map_or(Ok(answer), Err)
    }

    /// What it was asked last.
    pub fn last(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

#[async_trait]
impl HostApi for Fake {
    async fn facts(&self) -> Result<Facts, HostError> {
        self.told(
            "facts".into(),
            Facts { build: self.build.clone(), version: self.version.clone(), busy: self.busy, pid: std::process::id(), ..facts() },
        )
    }

    async fn observe(&self, look: Look) -> Result<Observed, HostError> {
        self.told(format!("observe {look:?}"), observed())
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        let digests = |values: &BTreeMap<String, Secret<String>>| {
            values.iter().map(|(name, value)| (name.clone(), Digest::of(value.expose().as_bytes()))).collect()
        };
        self.told(format!("digest_secrets {key} {values:?}"), values.0.iter().map(|(name, values)| (name.clone(), digests(values))).collect())
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        self.told(format!("offer {release:?}"), vec![Digest::of(b"missing")])
    }

    async fn upload(&self, _: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        unreachable!("uploads are taken in elsewhere")
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        let exposed: Vec<_> = open.secrets.values().map(|value| Digest::of(value.expose().as_bytes())).collect();
        self.told(format!("open {open:?} {exposed:?}"), opened())
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        self.told(format!("renew {id}"), ())
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        let _over = Over(&self.ended);
        for index in 0..self.events {
            if index + 1 == self.events {
                tokio::select! {
                    permit = self.go.acquire() => permit.unwrap().forget(),
                    () = events.closed() => {}
                }
            }
            let _ = events.send(event(index));
        }
        self.told(format!("order {id} {order:?}"), report())
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        self.told(format!("history {key} {limit}"), vec![record()])
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        self.told(format!("services {key}"), vec![service()])
    }

    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError> {
        self.told(format!("renew certificates {key} {force} {by}"), Vec::new())
    }

    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
        self.told(format!("backups {query:?}"), Vec::new())
    }

    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError> {
        self.told(format!("copies {query:?}"), CopyAnswer::default())
    }

    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
        self.told(format!("schemas {query:?}"), BTreeMap::new())
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
        self.told(format!("approvals {query:?}"), Vec::new())
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        for number in 0..query.tail {
            let _ = lines.send(log_line(number)).await;
        }
        if query.follow {
            let _over = Over(&self.unread);
            std::future::pending::<()>().await;
        }
        self.told(format!("logs {query:?}"), ())
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError> {
        let row = Mark::START.next(&entry());
        self.told(format!("audit {query:?}"), AuditPage { anchor: Mark::START, head: row.mark(), rows: vec![row] })
    }

    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError> {
        self.told(format!("run log of {id} in {key}: {keep:?}"), keep)
    }

    async fn note(&self, deed: Deed) -> Result<(), HostError> {
        self.told(format!("note {deed:?}"), ())
    }

    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError> {
        self.told(format!("upgrade {by}"), Upgraded { proxy: None })
    }

    async fn stop(&self, everything: bool, by: &Actor) -> Result<(), HostError> {
        self.told(format!("stop {everything} {by}"), ())
    }
}

/// Tells that something ended, however it did.
struct Over<'a>(&'a Notify);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

#[async_trait]
impl Intake for Fake {
    async fn take(&self, digest: Digest, size: u64, content: &mut (dyn AsyncRead + Send + Unpin)) -> Result<(), HostError> {
        if let Some(error) = self.error.lock().unwrap().clone() {
            return Err(error);
        }
        if self.taken.lock().unwrap().contains_key(&digest) {
            return Ok(());
        }
        let refused = |why: String| HostError::Refused(Failure::new("content-differs", why));
        let mut hasher = blake3::Hasher::new();
        // A part that is not initialized, as readers that care for speed use it.
        let mut part = Vec::with_capacity(64 << 10);
        while content.read_buf(&mut part).await.map_err(|error| refused(error.to_string()))? > 0 {
            hasher.update(&part);
            part.clear();
        }
        if Digest::from(hasher.finalize()) != digest {
            return Err(refused("the content has another hash".into()));
        }
        self.taken.lock().unwrap().insert(digest, size);
        Ok(())
    }

    async fn places(&self, search: Search) -> Result<Vec<Option<Place>>, HostError> {
        let answer = search.pieces.iter().map(|_| None).collect();
        self.told(format!("places of {}", search.file.short()), answer)
    }

    async fn piece(&self, _: Digest, _: Place, _: u32) -> Result<Bytes, HostError> {
        Err(HostError::NotFound("a piece".into()))
    }

    async fn environment(&self, _: &DeploymentId) -> Option<EnvironmentKey> {
        None
    }
}

/// A daemon around a fake host.
pub struct Served {
    pub folder: TempDir,
    pub host: Arc<Fake>,
    pub end: Arc<Notify>,
    pub server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    /// In a new folder.
    pub fn new(host: Fake) -> Self {
        Self::inside(tempfile::tempdir().unwrap(), host)
    }

    /// In this folder.
    pub fn inside(folder: TempDir, host: Fake) -> Self {
        let (host, end) = (Arc::new(host), Arc::new(Notify::new()));
        let (lock, listener) = serve::bind(&Folders::new(folder.path())).unwrap();
        let (api, stop) = (host.clone(), end.clone());
        let owners = Owners::new(Folders::new(folder.path()).owners());
        let server = tokio::spawn(async move {
            let _lock = lock;
            serve::serve(api.clone(), api, owners, listener, stop.notified()).await
        });
        Self { folder, host, end, server }
    }

    /// Ends it and waits for that.
    pub async fn ended(self) -> TempDir {
        self.end.notify_one();
        self.server.await.unwrap().unwrap();
        self.folder
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        client(self.folder.path())
    }
}

/// A client of what serves in `folder`.
pub fn client(folder: &Path) -> Client {
    Client::new(HostName::local(), Folders::new(folder).socket())
}

pub fn key() -> EnvironmentKey {
    EnvironmentKey { project: ProjectName::new("shop").unwrap(), environment: EnvironmentName::new("dev").unwrap() }
}

pub fn id() -> DeploymentId {
    DeploymentId::new("20260117-143000-abcd").unwrap()
}

pub fn component() -> ComponentName {
    ComponentName::new("backend").unwrap()
}

pub fn facts() -> Facts {
    Facts {
        version: "0.1.0".into(),
        build: "one".into(),
        platform: "linux-x86_64".into(),
        machine: "m".into(),
        pid: 1,
        started_at: Moment(1_768_660_200_007),
        proxy_pid: Some(2),
        proxy: None,
        keepers: Vec::new(),
        cores: 3,
        memory_bytes: 4,
        disk_free_bytes: 5,
        folder: "/f".into(),
        environments: vec![key()],
        busy: false,
    }
}

pub fn observed() -> Observed {
    Observed {
        platform: "linux-x86_64".into(),
        components: BTreeMap::from([(component(), plimsoll_model::plan::ObservedComponent::default())]),
        releases: [ReleaseId(Digest::of(b"r"))].into(),
        ports: BTreeMap::from([(80, plimsoll_model::plan::PortUse::Other)]),
        foreign_routes: Vec::new(),
        one_protocol: false,
        databases: BTreeMap::new(),
        disk_free_bytes: u64::MAX,
        open: None,
        policy: None,
        durations_ms: BTreeMap::from([(component(), 12)]),
        steps_ms: BTreeMap::new(),
    }
}

pub fn release() -> ReleaseManifest {
    let file = FileEntry { path: RelPath::new("a/b").unwrap(), content: FileContent::Link { target: "c".into() } };
    ReleaseManifest { id: ReleaseId(Digest::of(b"r")), component: component(), files: vec![file] }
}

pub fn holder() -> Holder {
    Holder { user: "u".into(), machine: "m".into(), pid: 7, surface: "cli".into() }
}

pub fn actor() -> Actor {
    Actor::from(&holder())
}

pub fn entry() -> Entry {
    Entry { at: Moment(1), deed: Deed::new(actor(), Action::Resume, Ending::Done) }
}

pub fn secrets(value: &str) -> SecretValues {
    SecretValues(BTreeMap::from([(component(), BTreeMap::from([("KEY".to_owned(), Secret::new(value.to_owned()))]))]))
}

pub fn open(secret: &str) -> Open {
    let plan = Plan {
        version: PLAN_VERSION,
        key: key(),
        intent: Intent::Deploy,
        source: Source::default(),
        home: HostName::local(),
        lease_ms: 30_000,
        levels: Vec::new(),
        policy: None,
        expects: BTreeMap::new(),
        desired: Desired::default(),
    };
    Open {
        id: None,
        host: HostName::local(),
        plan,
        components: Vec::new(),
        holder: holder(),
        reason: Some("why".into()),
        idempotency_key: None,
        secrets: secrets(secret),
        certificates: Certificates::default(),
    }
}

pub fn opened() -> Opened {
    Opened { id: id(), stage: Stage::RollingBack { failure: Failure::new("a", "b") } }
}

pub fn event(index: u32) -> HostEvent {
    let step = StepRef { level: 0, phase: Phase::Prepare, component: component(), index };
    HostEvent { at: Moment(1), step, text: format!("step {index}\nand more"), what: What::Done { ms: u64::from(index) } }
}

pub fn report() -> Report {
    Report { stage: Stage::Sealed, leftovers: vec![Failure::new("a", "b")] }
}

pub fn record() -> DeploymentRecord {
    DeploymentRecord {
        id: id(),
        key: key(),
        plan: plimsoll_model::PlanHash(Digest::of(b"p")),
        intent: Intent::Rollback { to: id() },
        source: Source::default(),
        holder: holder(),
        reason: None,
        idempotency_key: None,
        approval: None,
        started_at: Moment(1),
        ended_at: Some(Moment(2)),
        stage: Stage::Sealed,
        failure: None,
        components: Vec::new(),
        leftovers: Vec::new(),
        desired: Desired::default(),
    }
}

pub fn service() -> Service {
    Service {
        name: component(),
        served: None,
        version: Some("v".into()),
        commit: None,
        since: Some(Moment(3)),
        healthy: true,
        trouble: None,
        route: None,
        enrolled: None,
        backed_up_at: None,
        copies: None,
        slots: Vec::new(),
    }
}

pub fn log_line(number: u32) -> LogLine {
    let slot = SlotId::numbered(&component(), 1);
    LogLine { component: component(), slot, at: "2026-01-17T14:30:00.000Z".into(), stream: "out".into(), text: format!("line {number}") }
}
