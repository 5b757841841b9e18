//! Routes through our own proxy, which is kept running by a keeper.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll_keeper::{Command, Keeper, KeeperError, KeeperSpec, KeptState, Output, Patience, Restart};
use plimsoll_model::plan::PortUse;
use plimsoll_model::route::{Route, RouteTable};
use plimsoll_model::slot::Limits;
use plimsoll_model::{EnvironmentKey, SlotId};
use plimsoll_proxy::control::{Client, ControlError};
use tokio::sync::{Mutex, Notify};

use super::restore::{self, Applied};
use super::{Router, slot_name};
use crate::folders::Folders;
use crate::program::keeper_of;
use crate::trouble::Trouble;

/// How long the proxy may take to finish requests when it is to end, in milliseconds.
const GRACE_MS: u64 = 10_000;
/// How long the proxy may take to start, another one in its place included.
const STARTS_WITHIN: Duration = Duration::from_secs(30);
/// How long another proxy may take to get ready beside the one that serves, and that one to finish what it has begun: a little more than
/// it gives itself.
const UPGRADE: Patience = Patience { ready_ms: 10_000, retire_ms: 310_000 };
/// After how many starts it is clear that the proxy does not come up.
const STARTS: u32 = 3;
/// A proxy that ends is started again at once; connections wait meanwhile, as its keeper holds the listening sockets.
const RESTART: Restart = Restart { first_ms: 0, max_ms: 500, healthy_after_ms: 5_000 };

/// Leads traffic through our own proxy.
pub struct Builtin {
    exe: PathBuf,
    folders: Folders,
    env: BTreeMap<String, String>,
    keeper: Mutex<Option<Keeper>>,
    applied: Applied,
    /// Told when the keeper of the proxy has ended.
    lost: Arc<Notify>,
}

impl Builtin {
    /// Starts the proxy from the binary `exe` when it is first needed.
    #[must_use]
    pub fn new(exe: PathBuf, folders: Folders, env: BTreeMap<String, String>) -> Self {
        Self { exe, folders, env, keeper: Mutex::default(), applied: Applied::default(), lost: Arc::default() }
    }

    fn client(&self) -> Client {
        Client::new(self.folders.proxy().join("proxy.sock"))
    }

    fn keeper_folder(&self) -> PathBuf {
        self.folders.proxy().join("keeper")
    }

    /// The keeper of the proxy, when there is one.
    async fn found(&self) -> Result<Option<Keeper>, Trouble> {
        let mut held = self.keeper.lock().await;
        if held.as_ref().is_none_or(|keeper| keeper.watch().has_changed().is_err()) {
            let found = Keeper::attach(&self.keeper_folder()).await.map_err(|error| lost(&error))?;
            self.hold(&mut held, found);
        }
        Ok(held.clone())
    }

    /// Keeps in touch with `keeper`.
    fn hold(&self, held: &mut Option<Keeper>, keeper: Option<Keeper>) {
        if let Some(keeper) = &keeper {
            let watched = restore::watch(keeper.watch(), self.client(), Arc::clone(&self.applied));
            let lost = Arc::clone(&self.lost);
            tokio::spawn(async move {
                watched.await;
                lost.notify_one();
            });
        }
        *held = keeper;
    }

    /// Starts the proxy unless it runs, and waits until it takes tables. One that is known to be `gone` does not: its keeper may not
    /// have told so yet. Answers the process that does.
    async fn ensure(&self, gone: Option<u32>) -> Result<Option<u32>, Trouble> {
        let keeper = match self.found().await? {
            Some(keeper) => keeper,
            None => {
                let keeper = Keeper::spawn(&self.exe, &self.keeper_folder(), &self.spec()).await.map_err(|error| lost(&error))?;
                self.hold(&mut *self.keeper.lock().await, Some(keeper.clone()));
                keeper
            }
        };
        let mut states = keeper.watch();
        // It may have been started again any number of times before, in a long life.
        let before = states.borrow().restarts;
        let takes_tables = |state: &KeptState| serves(state) && (gone.is_none() || state.pid != gone);
        let ready = states.wait_for(|state| takes_tables(state) || state.restarts > before.saturating_add(STARTS));
        match tokio::time::timeout(STARTS_WITHIN, ready).await {
            Ok(Ok(state)) if takes_tables(&state) => Ok(state.pid),
            _ => Err(self.does_not_start()),
        }
    }

    fn does_not_start(&self) -> Trouble {
        let log = self.log();
        let output = plimsoll_keeper::output::tail(&log, 10);
        Trouble::new("proxy-down", format!("the proxy does not start; its log is {}", log.display())).with_output(output)
    }

    fn log(&self) -> PathBuf {
        self.folders.logs().join("proxy.log")
    }

    fn spec(&self) -> KeeperSpec {
        let mut args = vec!["proxy".to_owned()];
        if !self.folders.public().exists() {
            args.push("--loopback".into());
        }
        args.extend(["--folder".into(), self.folders.proxy().display().to_string()]);
        KeeperSpec {
            command: Command::Program { path: self.exe.clone(), args },
            cwd: self.folders.root().to_path_buf(),
            env: self.env.clone(),
            secrets_file: None,
            user: None,
            limits: Limits::default(),
            output: Output { file: self.log(), max_bytes: 10 << 20, keep: 3 },
            restart: RESTART,
            hold_sockets: true,
            stop_grace_ms: GRACE_MS,
        }
    }

    /// Whether the proxy runs from the binary that we would start. One that was deleted or replaced since is another one.
    fn is_run_by(&self, keeper: &Keeper) -> bool {
        let identity = |path: PathBuf| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
        let running = keeper.state().pid.and_then(|pid| identity(format!("/proc/{pid}/exe").into()));
        running.is_some() && running == identity(self.exe.clone())
    }

    /// Gives the proxy a table, once more when it was just being started again.
    async fn put(&self, routes: Vec<Route>) -> Result<(), ControlError> {
        let client = self.client();
        let generation = client.table().await?.generation + 1;
        client.put(&RouteTable { generation, routes }).await
    }
}

#[async_trait]
impl Router for Builtin {
    async fn apply(&self, routes: Vec<Route>) -> Result<(), Trouble> {
        let mut applied = self.applied.lock().await;
        let asked = self.ensure(None).await?;
        match self.put(routes.clone()).await {
            Err(ControlError::Unreachable { .. } | ControlError::Retired {}) => {
                self.ensure(asked).await?;
                self.put(routes.clone()).await
            }
            done => done,
        }
        .map_err(|error| refused(&error))?;
        *applied = Some(routes);
        Ok(())
    }

    async fn drain(&self, key: &EnvironmentKey, slot: &SlotId, within_ms: u64) -> Result<(), Trouble> {
        // Without a proxy nothing is under way, and a slot that is routed to all the same is stopped on purpose.
        match self.client().drain(&slot_name(key, slot), within_ms).await {
            Ok(_) | Err(ControlError::Unreachable { .. } | ControlError::StillRouted { .. }) => Ok(()),
            Err(error) => Err(refused(&error)),
        }
    }

    async fn port(&self, port: u16) -> Option<PortUse> {
        let routed = |table: RouteTable| table.routes.iter().flat_map(|route| route.spec.ports()).any(|used| used == port);
        if self.client().table().await.is_ok_and(routed) {
            return Some(PortUse::Proxy);
        }
        TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_err().then_some(PortUse::Other)
    }

    async fn lost(&self) {
        self.lost.notified().await;
    }

    async fn pid(&self) -> Option<u32> {
        self.found().await.ok().flatten()?.state().pid
    }

    async fn keeper(&self) -> Option<u32> {
        keeper_of(self.pid().await?)
    }

    async fn upgrade(&self) -> Result<bool, Trouble> {
        let _applied = self.applied.lock().await;
        match self.found().await? {
            Some(keeper) if !self.is_run_by(&keeper) => {
                keeper.replace(&self.spec(), UPGRADE).await.map_err(|error| lost(&error))?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn stop(&self) -> Result<(), Trouble> {
        *self.applied.lock().await = None;
        if let Some(keeper) = self.found().await? {
            keeper.stop(GRACE_MS).await.map_err(|error| lost(&error))?;
        }
        *self.keeper.lock().await = None;
        Ok(())
    }
}

/// Whether a proxy takes tables, and none is about to take its place.
fn serves(state: &KeptState) -> bool {
    state.ready && state.replacement.as_ref().is_none_or(|replacement| replacement.over)
}

fn lost(error: &KeeperError) -> Trouble {
    Trouble::new("proxy-down", format!("the proxy: {error}"))
}

fn refused(error: &ControlError) -> Trouble {
    let code = if matches!(error, ControlError::PortTaken { .. }) { "port-taken" } else { "proxy-refused" };
    let trouble = Trouble::new(code, format!("the proxy: {error}"));
    if code == "port-taken" { trouble.with_help("choose another port for the route, or stop what listens there") } else { trouble }
}
