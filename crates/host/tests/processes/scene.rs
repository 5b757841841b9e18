//! Routes of a host through a real keeper and a real proxy, which lead to sites of one word each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_host::folders::Folders;
use plimsoll_host::route::{Builtin, Router};
use plimsoll_keeper::Keeper;
use plimsoll_model::route::{About, Match, Route, RouteSpec, Upstream};
use plimsoll_model::{ComponentName, DeploymentId, EnvironmentKey, EnvironmentName, ProjectName, SlotId};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A host's folder.
pub struct Scene {
    folder: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is room") }
    }

    pub fn folders(&self) -> Folders {
        Folders::new(self.folder.path())
    }

    /// The routes as a daemon of this build has them in its hands.
    pub fn router(&self, exe: &Path) -> Builtin {
        Builtin::new(exe.to_owned(), self.folders(), BTreeMap::new())
    }

    /// A program that is another build than ours: what tells builds apart is their file.
    pub fn copy(&self, program: &Path) -> PathBuf {
        let copy = self.folder.path().join("another-build");
        std::fs::copy(program, &copy).expect("the folder takes a copy");
        copy
    }

    /// Requests to `port` are answered with `word`.
    pub fn site(&self, port: u16, word: &str) -> Route {
        let root = self.folder.path().join("sites").join(word);
        std::fs::create_dir_all(&root).and_then(|()| std::fs::write(root.join("index.html"), word)).expect("the folder takes a site");
        route(port, Upstream::Site { root })
    }

    pub fn proxy_file(&self, name: &str) -> PathBuf {
        self.folders().proxy().join(name)
    }

    /// Waits until a proxy serves that is not the one called `before`; gives its process.
    pub async fn serves_after(&self, before: Option<u32>) -> u32 {
        let keeper = self.keeper().await;
        let mut states = keeper.watch();
        let state = states.wait_for(|state| state.ready && state.pid != before).await.expect("the keeper lives").clone();
        state.pid.expect("what is ready runs")
    }

    async fn keeper(&self) -> Keeper {
        Keeper::attach(&self.keeper_folder()).await.expect("it answers").expect("there is one")
    }

    fn keeper_folder(&self) -> PathBuf {
        self.proxy_file("keeper")
    }
}

impl Drop for Scene {
    /// Leaves no process behind, also when the test fails.
    fn drop(&mut self) {
        let folders = [self.keeper_folder(), self.folders().slot(&key(), &slot())];
        let stop = async move {
            for folder in folders {
                if let Ok(Some(keeper)) = Keeper::attach(&folder).await {
                    let _ = keeper.stop(0).await;
                }
            }
        };
        let _ = std::thread::spawn(|| tokio::runtime::Runtime::new().expect("there are threads").block_on(stop)).join();
    }
}

/// The example `roles`, which is built beside the tests.
pub fn roles() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    test.parent().and_then(Path::parent).expect("it lies in a target folder").join("examples/roles")
}

pub fn key() -> EnvironmentKey {
    let (project, environment) = (ProjectName::new("shop"), EnvironmentName::new("dev"));
    EnvironmentKey { project: project.expect("it is a name"), environment: environment.expect("it is a name") }
}

/// The only slot that there is.
pub fn slot() -> SlotId {
    SlotId::new("web-1").expect("it is a name")
}

pub fn route(port: u16, upstream: Upstream) -> Route {
    let matches = Match { port, host: None, path: "/".into() };
    let about = About {
        deployment: DeploymentId::new("d1").expect("it is a name"),
        version: "1".into(),
        commit: None,
        branch: None,
        deployed_at: "2026-01-01T00:00:00Z".into(),
    };
    let spec = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 60_000, tls: None };
    Route { key: key(), component: ComponentName::new("web").expect("it is a name"), spec, upstream, certificate: None, about }
}

/// What is answered at this port. Who asks waits as long as the port is open.
pub async fn get(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the port is open");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n").await.expect("it is read");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it is answered");
    answer.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned()
}

pub fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("it is a process id");
    kill_process(pid, Signal::KILL).expect("it runs");
}

/// Serves, and says that it does.
pub async fn applied(router: &Builtin, routes: Vec<Route>) {
    router.apply(routes).await.expect("the routes can be served");
}
