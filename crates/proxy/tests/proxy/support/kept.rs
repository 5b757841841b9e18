//! A proxy below a real keeper, as a host runs it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_keeper::{Command, Keeper, KeeperError, KeeperSpec, Output, Patience, Restart};
use plimsoll_model::route::{Route, RouteTable};
use plimsoll_proxy::control::Client;
use tempfile::TempDir;

pub struct Kept {
    pub folder: TempDir,
    pub keeper: Keeper,
    pub control: Client,
}

impl Kept {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keeper = Keeper::spawn(&program(), &folder.path().join("keeper"), &spec(folder.path())).await.unwrap();
        let control = Client::new(folder.path().join("proxy.sock"));
        let kept = Self { folder, keeper, control };
        kept.ready().await;
        kept
    }

    /// Waits until a proxy serves, and gives its process.
    pub async fn ready(&self) -> u32 {
        self.keeper.watch().wait_for(|state| state.ready).await.unwrap().pid.unwrap()
    }

    /// Puts another process of the same program in the place of the one that serves.
    pub async fn upgrade(&self) {
        self.upgrade_to(&spec(self.folder.path())).await.unwrap();
    }

    pub async fn upgrade_to(&self, spec: &KeeperSpec) -> Result<(), KeeperError> {
        self.keeper.replace(spec, Patience { ready_ms: 60_000, retire_ms: 60_000 }).await
    }

    pub async fn put(&self, routes: Vec<Route>) {
        let generation = self.control.table().await.unwrap().generation + 1;
        self.control.put(&RouteTable { generation, routes }).await.unwrap();
    }

    /// Waits until its log has `words`, which the keeper writes down in its own time.
    pub async fn logs(&self, words: &str) {
        while !std::fs::read_to_string(self.folder.path().join("log")).unwrap().contains(words) {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Kept {
    /// Leaves no keeper behind, also when the test fails.
    fn drop(&mut self) {
        let folder = self.folder.path().join("keeper");
        let stop = async move {
            if let Ok(Some(keeper)) = Keeper::attach(&folder).await {
                let _ = keeper.stop(0).await;
            }
        };
        let _ = std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(stop)).join();
    }
}

/// The example `serve`, which is built beside the tests.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples/serve")
}

/// Runs the proxy of `folder`.
pub fn spec(folder: &Path) -> KeeperSpec {
    KeeperSpec {
        command: Command::Program { path: program(), args: vec![folder.display().to_string()] },
        cwd: "/".into(),
        env: BTreeMap::new(),
        secrets_file: None,
        user: None,
        limits: Default::default(),
        output: Output { file: folder.join("log"), max_bytes: 1_000_000, keep: 1 },
        restart: Restart { first_ms: 0, max_ms: 100, healthy_after_ms: 1_000 },
        hold_sockets: true,
        stop_grace_ms: 60_000,
    }
}
