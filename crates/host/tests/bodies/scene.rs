//! A daemon whose ledger, store and secrets are real, over slots and routes that only pretend.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use plimsoll_api::{AuditQuery, CopyAnswer, CopyWork, HostApi, HostError, LogLine, LogQuery, Look};
use plimsoll_host::authority::AcmeAuthority;
use plimsoll_host::certificates::CertificateFiles;
use plimsoll_host::clock::{Clock, SystemClock};
use plimsoll_host::database::{Copying, Databases, Keeping, Levels, Place, Room};
use plimsoll_host::enrol::EnrolmentFiles;
use plimsoll_host::folders::Folders;
use plimsoll_host::ledger::{SlotRow, SqliteLedger};
use plimsoll_host::probe::{Page, Prober};
use plimsoll_host::releases::Store;
use plimsoll_host::route::Router;
use plimsoll_host::runs::RunFiles;
use plimsoll_host::secrets::SecretFiles;
use plimsoll_host::serve::{Owners, bind, serve};
use plimsoll_host::supervise::{Ended, Life, Running, Supervisor};
use plimsoll_host::{About, Handle, Host, Trouble, World};
use plimsoll_model::audit::{Actor, Break, verify_whole};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::{Applied, Compared, Direction, Migration};
use plimsoll_model::plan::PortUse;
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::route::Route;
use plimsoll_model::slot::Condition;
use plimsoll_model::{ComponentName, EnvironmentKey, ReleaseId, Secret, SlotId, StateHash};
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A running daemon.
pub struct Scene {
    handle: Arc<Handle>,
    ledger: Arc<SqliteLedger>,
    folders: Folders,
    folder: TempDir,
    end: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: String,
    pub body: Bytes,
}

impl Scene {
    /// A daemon that has nothing yet.
    pub async fn new() -> Self {
        Self::inside(tempfile::tempdir().expect("there is room")).await
    }

    /// A daemon on what another one left.
    pub async fn inside(folder: TempDir) -> Self {
        let folders = Folders::new(folder.path());
        let (lock, listener) = bind(&folders).expect("the folder is free");
        let ledger = Arc::new(SqliteLedger::open(&folders.ledger()).await.expect("the ledger can be read"));
        let about = About { build: "test".into(), folder: folder.path().into(), started_at: SystemClock.now(), actor: Actor::host("u", "m") };
        let host = Host::start(world(&folders, ledger.clone()), about).await.expect("the ledger says what can be");
        let handle = Arc::new(Handle(host));
        let (end, ended) = oneshot::channel::<()>();
        let (served, owners) = (handle.clone(), Owners::new(folders.owners()));
        let server = tokio::spawn(async move {
            let _lock = lock;
            let stop = async { ended.await.unwrap_or(()) };
            serve(served.clone(), served, owners, listener, stop).await.expect("it serves until it is told to stop");
        });
        Self { handle, ledger, folders, folder, end, server }
    }

    /// Ends the daemon; gives what it left.
    pub async fn end(self) -> TempDir {
        let _ = self.end.send(());
        self.server.await.expect("it ends in peace");
        self.ledger.close().await;
        self.folder
    }

    /// Sends a request on a connection of its own.
    ///
    /// # Errors
    /// The connection broke: nobody answered.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(path).header("host", "plimsoll");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| format!("{path:?}: {error}"))?;
        let stream = UnixStream::connect(self.folders.socket()).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let connection = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await.map_err(|error| error.to_string())?.into_parts();
        let body = body.collect().await.map_err(|error| format!("the answer was cut off: {error}"))?.to_bytes();
        connection.abort();
        let content_type = head.headers.get("content-type").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default();
        Ok(Answer { status: head.status, content_type, body })
    }

    /// All that the ledger holds, as the host tells it.
    pub async fn ledger(&self) -> String {
        let mut told = String::new();
        for key in self.handle.facts().await.expect("it knows itself").environments {
            let look = Look::at(key.clone());
            let seen = self.handle.observe(look).await.expect("it can look").components;
            let history = self.handle.history(&key, 1_000).await.expect("it can read");
            told += &format!("{key}: {seen:?} {history:?}\n");
        }
        told
    }

    /// Has these releases. Nothing is in them.
    pub async fn has(&self, releases: Vec<ReleaseId>) {
        let component = ComponentName::new("a").expect("it is a name");
        for id in releases {
            let missing = self.handle.offer(&ReleaseManifest { id, component: component.clone(), files: Vec::new() }).await;
            assert_eq!(missing, Ok(Vec::new()), "nothing is missing of nothing");
        }
    }

    /// Where the chain of the audit log is broken, if it is.
    pub async fn broken_chain(&self) -> Option<Break> {
        let page = self.handle.audit(AuditQuery { limit: u32::MAX, ..AuditQuery::default() }).await.expect("it can read");
        verify_whole(&page.anchor, &page.rows, &page.head).err()
    }

    /// The state that a plan for this environment has to expect.
    pub async fn state(&self, key: &EnvironmentKey) -> StateHash {
        let look = Look::at(key.clone());
        self.handle.observe(look).await.expect("it can look").state()
    }
}

impl Answer {
    /// The error that it is, when it is one.
    pub fn error(&self) -> Option<HostError> {
        serde_json::from_slice(&self.body).ok().filter(|_| self.content_type == "application/json")
    }
}

fn world(folders: &Folders, ledger: Arc<SqliteLedger>) -> World {
    let pretended = Arc::new(Pretended::default());
    World {
        ledger,
        releases: Arc::new(Store::open(folders).expect("there is room")),
        secrets: Arc::new(SecretFiles::new(folders.clone())),
        certificates: Arc::new(CertificateFiles::new(folders.clone())),
        runs: Arc::new(RunFiles::new(folders.clone())),
        enrolments: Arc::new(EnrolmentFiles::new(folders.clone())),
        authority: Arc::new(AcmeAuthority),
        databases: pretended.clone(),
        supervisor: pretended.clone(),
        router: pretended.clone(),
        prober: pretended,
        clock: Arc::new(SystemClock),
    }
}

#[async_trait]
impl Databases for Pretended {
    async fn applied(&self, _: &Place) -> Result<Vec<Applied>, Trouble> {
        Ok(Vec::new())
    }

    async fn migrate(&self, _: &Place, _: &Path, _: &Migration, _: Direction) -> Result<(), Trouble> {
        Ok(())
    }

    async fn compare(&self, _: Room<'_>, _: &Path, _: &[Migration]) -> Result<Compared, Trouble> {
        Ok(Compared::default())
    }

    async fn list(&self, _: &EnvironmentKey, _: &ComponentName) -> Result<Vec<Backup>, Trouble> {
        Ok(Vec::new())
    }

    async fn keep(&self, _: Room<'_>, _: Keeping) -> Result<Vec<Backup>, Trouble> {
        Ok(Vec::new())
    }

    async fn levels(&self, _: &EnvironmentKey, _: &ComponentName) -> Result<Levels, Trouble> {
        Ok(Levels::default())
    }

    async fn note(&self, _: &EnvironmentKey, _: &ComponentName, _: &Levels) -> Result<(), Trouble> {
        Ok(())
    }

    async fn copies(&self, _: Copying<'_>, _: &CopyWork) -> Result<CopyAnswer, Trouble> {
        Ok(CopyAnswer::default())
    }
}

/// Slots that run when they are told to, routes that lead there, and answers to every health check.
#[derive(Default)]
struct Pretended {
    running: Mutex<BTreeSet<(EnvironmentKey, SlotId)>>,
    last_port: AtomicU16,
}

impl Pretended {
    fn running(&self) -> std::sync::MutexGuard<'_, BTreeSet<(EnvironmentKey, SlotId)>> {
        self.running.lock().expect("nobody panics with it")
    }
}

#[async_trait]
impl Supervisor for Pretended {
    fn judge(&self, _: &SlotRow) -> Result<(), Trouble> {
        Ok(())
    }

    async fn free_port(&self, _: &[u16]) -> Result<u16, Trouble> {
        Ok(self.last_port.fetch_add(1, Ordering::Relaxed).max(1))
    }

    async fn start(&self, row: &SlotRow, _: PathBuf, _: &BTreeMap<String, Secret<String>>, life: Life) -> Result<(), Trouble> {
        // What is run once has ended before anybody asks.
        if life == Life::Kept {
            self.running().insert((row.key.clone(), row.slot.clone()));
        }
        Ok(())
    }

    async fn look(&self, key: &EnvironmentKey, slot: &SlotId) -> Result<Running, Trouble> {
        let runs = self.running().contains(&(key.clone(), slot.clone()));
        let condition = if runs { Condition::Running } else { Condition::Stopped };
        Ok(Running { condition, pid: runs.then_some(1), restarts: 0 })
    }

    async fn ended(&self, key: &EnvironmentKey, slot: &SlotId) -> Ended {
        if self.running().contains(&(key.clone(), slot.clone())) {
            std::future::pending::<()>().await;
        }
        Ended::badly("it does not run")
    }

    async fn output(&self, _: &EnvironmentKey, _: &SlotId, _: u32) -> Vec<String> {
        Vec::new()
    }

    async fn lines(&self, _: &LogQuery, _: mpsc::Sender<LogLine>) -> Result<(), Trouble> {
        Ok(())
    }

    async fn stop(&self, key: &EnvironmentKey, slot: &SlotId, _: u64) -> Result<(), Trouble> {
        self.running().remove(&(key.clone(), slot.clone()));
        Ok(())
    }

    async fn forget(&self, _: &EnvironmentKey, _: &SlotId) -> Result<(), Trouble> {
        Ok(())
    }
}

#[async_trait]
impl Router for Pretended {
    async fn apply(&self, _: Vec<Route>) -> Result<(), Trouble> {
        Ok(())
    }

    async fn drain(&self, _: &EnvironmentKey, _: &SlotId, _: u64) -> Result<(), Trouble> {
        Ok(())
    }

    async fn port(&self, _: u16) -> Option<PortUse> {
        None
    }

    async fn pid(&self) -> Option<u32> {
        None
    }

    async fn stop(&self) -> Result<(), Trouble> {
        Ok(())
    }
}

#[async_trait]
impl Prober for Pretended {
    async fn get(&self, _: &Page<'_>, _: u64) -> Result<u16, String> {
        Ok(200)
    }

    async fn connect(&self, _: SocketAddr, _: u64) -> Result<(), String> {
        Ok(())
    }
}
