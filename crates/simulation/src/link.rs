//! The way between an operator and a host, on which messages are lost, late, and doubled.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_api::{
    ApprovalQuery, AuditPage, AuditQuery, BackupQuery, CopyAnswer, CopyQuery, Enrolled, Events, Facts, HostApi, HostError, LogLine, LogQuery, Look,
    Open, Opened, Order, Report, SchemaQuery, SecretDigests, SecretValues, Service, Upgraded,
};
use plimsoll_model::approval::Asked;
use plimsoll_model::audit::{Actor, Deed};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::Compared;
use plimsoll_model::deployment::DeploymentRecord;
use plimsoll_model::plan::Observed;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey};
use plimsoll_testkit::world::SimHost;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::scenario::Aim;

/// What goes wrong with one call; times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trip {
    Lost,
    AnswerLost,
    Delayed(u64),
    AnswerDelayed(u64),
    Doubled(u64),
    Late(u64),
    GaveUp(u64),
    BrokeOff(u64),
}

/// The way to one host.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) host: SimHost,
    way: Arc<Mutex<Way>>,
    /// Messages that are still to arrive.
    late: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Way {
    calls: usize,
    trips: BTreeMap<usize, Trip>,
    /// What is cut off by being sent: whether it arrives later, and how long the cut lasts.
    aimed: Option<(Aim, Option<u64>, u64)>,
    cut_until_ms: u64,
}

impl Trip {
    fn kind(self) -> &'static str {
        match self {
            Trip::Lost => "message lost",
            Trip::AnswerLost => "answer lost",
            Trip::Delayed(_) => "message delayed",
            Trip::AnswerDelayed(_) => "answer delayed",
            Trip::Doubled(_) => "message doubled",
            Trip::Late(_) => "message arrives after the caller gave up",
            Trip::GaveUp(_) => "answered after the caller gave up",
            Trip::BrokeOff(_) => "connection breaks, and the work with it",
        }
    }
}

impl Aim {
    fn names(self, what: &str) -> bool {
        let word = match self {
            Aim::Open => "open",
            Aim::Seal => "SEAL",
            Aim::Decide => "DECIDE",
            Aim::Commit => "COMMIT",
            Aim::RollBack => "ROLL BACK",
        };
        what.contains(word)
    }
}

impl Link {
    pub(crate) fn new(host: SimHost) -> Self {
        Self { host, way: Arc::default(), late: Arc::default() }
    }

    fn way(&self) -> MutexGuard<'_, Way> {
        self.way.lock().expect("no one panics while holding it")
    }

    /// Counts calls from here on, and lets all of them through.
    pub(crate) fn calm(&self) {
        *self.way() = Way::default();
    }

    /// Lets a call go wrong, by its number since the last calm.
    pub(crate) fn spoil(&self, call: usize, trip: Trip) {
        self.way().trips.insert(call, trip);
    }

    /// Lets nothing through for so many milliseconds.
    pub(crate) fn cut(&self, for_ms: u64) {
        let until = self.host.machine().chronicle().now_ms() + for_ms;
        self.way().cut_until_ms = until;
    }

    /// Lets nothing through for so many milliseconds from the sending of an order on; that one is lost, or arrives later.
    pub(crate) fn cut_at(&self, aim: Aim, late_ms: Option<u64>, for_ms: u64) {
        self.way().aimed = Some((aim, late_ms, for_ms));
    }

    /// Whether messages are still to arrive.
    pub(crate) fn is_busy(&self) -> bool {
        self.late.load(Ordering::Relaxed) > 0
    }

    async fn call<T, A>(&self, what: &str, ask: impl Fn(SimHost) -> A + Send + Clone + 'static) -> Result<T, HostError>
    where
        T: Send + 'static,
        A: Future<Output = Result<T, HostError>> + Send,
    {
        let trip = match self.aimed(what) {
            Some(trip) => Some(trip),
            None => self.next(what)?,
        };
        let answer = async || ask(self.host.clone()).await;
        match trip {
            None => answer().await,
            Some(Trip::Lost) => Err(self.unreachable()),
            Some(Trip::AnswerLost) => answer().await.and_then(|_| Err(self.unreachable())).or(Err(self.unreachable())),
            Some(Trip::Delayed(ms)) => {
                sleep(Duration::from_millis(ms)).await;
                answer().await
            }
            Some(Trip::AnswerDelayed(ms)) => {
                let answer = answer().await;
                sleep(Duration::from_millis(ms)).await;
                answer
            }
            Some(Trip::Doubled(ms)) => {
                self.arrives_later(ms, ask.clone());
                answer().await
            }
            Some(Trip::Late(ms)) => {
                self.arrives_later(ms, ask);
                Err(self.unreachable())
            }
            Some(Trip::GaveUp(ms)) => {
                self.arrives_later(0, ask);
                sleep(Duration::from_millis(ms)).await;
                Err(self.unreachable())
            }
            Some(Trip::BrokeOff(ms)) => tokio::time::timeout(Duration::from_millis(ms), answer()).await.unwrap_or_else(|_| Err(self.unreachable())),
        }
    }

    /// What goes wrong with a call because it is the one that was aimed at.
    fn aimed(&self, what: &str) -> Option<Trip> {
        let chronicle = self.host.machine().chronicle();
        let (_, late_ms, for_ms) = self.way().aimed.take_if(|(aim, ..)| aim.names(what))?;
        chronicle.count("connection is cut at an order");
        chronicle.tell("→", || format!("{what} {} (cut off just now)", self.host.machine().name()));
        self.cut(for_ms);
        Some(late_ms.map_or(Trip::Lost, Trip::Late))
    }

    /// What goes wrong with the next call.
    fn next(&self, what: &str) -> Result<Option<Trip>, HostError> {
        let chronicle = self.host.machine().chronicle();
        let mut way = self.way();
        way.calls += 1;
        let number = way.calls - 1;
        let trip = way.trips.remove(&number);
        let cut = chronicle.now_ms() < way.cut_until_ms;
        drop(way);
        let kind = if cut { Some("cut off") } else { trip.map(Trip::kind) };
        kind.into_iter().for_each(|kind| chronicle.count(kind));
        chronicle.tell("→", || format!("{what} {}{}", self.host.machine().name(), kind.map(|kind| format!(" ({kind})")).unwrap_or_default()));
        if cut { Err(self.unreachable()) } else { Ok(trip) }
    }

    fn arrives_later<T, A>(&self, ms: u64, ask: impl Fn(SimHost) -> A + Send + 'static)
    where
        T: Send + 'static,
        A: Future<Output = Result<T, HostError>> + Send,
    {
        let (host, late) = (self.host.clone(), self.late.clone());
        late.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            sleep(Duration::from_millis(ms)).await;
            host.machine().chronicle().tell("→", || format!("a late message arrives at {}", host.machine().name()));
            drop(ask(host).await);
            late.fetch_sub(1, Ordering::Relaxed);
        });
    }

    fn unreachable(&self) -> HostError {
        let host = self.host.machine().name().clone();
        HostError::unreachable(host, "no answer", "try again")
    }
}

/// Calls the host, and can do so more than once.
macro_rules! through {
    ($link:expr, $what:expr, $host:ident, [$($arg:ident),*], $call:expr) => {{
        $(let $arg = $arg.clone();)*
        $link.call($what, move |$host| { $(let $arg = $arg.clone();)* async move { $call.await } }).await
    }};
}

#[async_trait]
impl HostApi for Link {
    async fn facts(&self) -> Result<Facts, HostError> {
        through!(self, "facts of", host, [], host.facts())
    }

    async fn observe(&self, look: Look) -> Result<Observed, HostError> {
        through!(self, "observe", host, [look], host.observe(look))
    }

    async fn digest_secrets(&self, key: &EnvironmentKey, values: SecretValues) -> Result<SecretDigests, HostError> {
        through!(self, "digest secrets on", host, [key, values], host.digest_secrets(&key, values))
    }

    async fn offer(&self, release: &ReleaseManifest) -> Result<Vec<Digest>, HostError> {
        through!(self, "offer to", host, [release], host.offer(&release))
    }

    async fn upload(&self, files: Vec<(Digest, PathBuf)>) -> Result<(), HostError> {
        through!(self, "upload to", host, [files], host.upload(files))
    }

    async fn open(&self, open: Open) -> Result<Opened, HostError> {
        through!(self, "open on", host, [open], host.open(open))
    }

    async fn renew(&self, id: &DeploymentId) -> Result<(), HostError> {
        through!(self, "renew on", host, [id], host.renew(&id))
    }

    async fn order(&self, id: &DeploymentId, order: Order, events: Events) -> Result<Report, HostError> {
        let what = match &order {
            Order::Prepare { .. } => "order PREPARE to",
            Order::Switch { .. } => "order SWITCH to",
            Order::Verify { .. } => "order VERIFY to",
            Order::Seal => "order SEAL to",
            Order::Decide => "order DECIDE to",
            Order::Commit => "order COMMIT to",
            Order::RollBack { .. } => "order ROLL BACK to",
        };
        through!(self, what, host, [id, order, events], host.order(&id, order, events))
    }

    async fn history(&self, key: &EnvironmentKey, limit: u32) -> Result<Vec<DeploymentRecord>, HostError> {
        through!(self, "history of", host, [key], host.history(&key, limit))
    }

    async fn services(&self, key: &EnvironmentKey) -> Result<Vec<Service>, HostError> {
        through!(self, "services of", host, [key], host.services(&key))
    }

    async fn renew_certificates(&self, key: &EnvironmentKey, force: bool, by: &Actor) -> Result<Vec<Enrolled>, HostError> {
        through!(self, "renew certificates of", host, [key, by], host.renew_certificates(&key, force, &by))
    }

    async fn backups(&self, query: BackupQuery) -> Result<Vec<Backup>, HostError> {
        through!(self, "backups of", host, [query], host.backups(query))
    }

    async fn copies(&self, query: CopyQuery) -> Result<CopyAnswer, HostError> {
        through!(self, "copies of", host, [query], host.copies(query))
    }

    async fn schemas(&self, query: SchemaQuery) -> Result<BTreeMap<ComponentName, Compared>, HostError> {
        through!(self, "schemas of", host, [query], host.schemas(query))
    }

    async fn approvals(&self, query: ApprovalQuery) -> Result<Vec<Asked>, HostError> {
        through!(self, "approvals of", host, [query], host.approvals(query))
    }

    async fn logs(&self, query: LogQuery, lines: mpsc::Sender<LogLine>) -> Result<(), HostError> {
        through!(self, "logs of", host, [query, lines], host.logs(query, lines))
    }

    async fn run_log(&self, key: &EnvironmentKey, id: &DeploymentId, keep: Option<String>) -> Result<Option<String>, HostError> {
        through!(self, "log of a run on", host, [key, id, keep], host.run_log(&key, &id, keep))
    }

    async fn audit(&self, query: AuditQuery) -> Result<AuditPage, HostError> {
        through!(self, "audit of", host, [query], host.audit(query))
    }

    async fn note(&self, deed: Deed) -> Result<(), HostError> {
        through!(self, "note on", host, [deed], host.note(deed))
    }

    async fn upgrade(&self, by: &Actor) -> Result<Upgraded, HostError> {
        through!(self, "upgrade", host, [by], host.upgrade(&by))
    }

    async fn stop(&self, everything: bool, by: &Actor) -> Result<(), HostError> {
        through!(self, "stop", host, [by], host.stop(everything, &by))
    }
}
