//! What the tests stand on: a proxy, programs behind it, and clients before it.

pub mod backend;
pub mod client;
pub mod kept;
pub mod recorder;
pub mod table;
pub mod tls;

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};

use plimsoll_model::route::{Route, RouteTable};
use plimsoll_proxy::control::{Client, ControlError};
use plimsoll_proxy::{Addresses, Options, ProxyError};
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::task::{JoinHandle, spawn_blocking};

/// A proxy in this process, in a folder of its own.
pub struct Proxy {
    pub control: Client,
    pub folder: TempDir,
    thread: JoinHandle<Result<(), ProxyError>>,
    generation: u64,
}

impl Proxy {
    /// Starts one and waits until it says that it is ready.
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await.unwrap()
    }

    /// The same in a folder that may have a state; or why it does not start.
    pub async fn start_in(folder: TempDir) -> Result<Self, ProxyError> {
        Self::start_with(folder, |_| {}).await
    }

    /// The same with other options.
    pub async fn start_with(folder: TempDir, change: impl FnOnce(&mut Options)) -> Result<Self, ProxyError> {
        let notify = folder.path().join("notify.sock");
        let holder = UnixDatagram::bind(&notify).unwrap();
        let mut options = Options::new(folder.path().to_owned());
        options.addresses = Addresses::loopback();
        options.threads = 2;
        options.notify = Some(notify.to_str().unwrap().to_owned());
        change(&mut options);
        let mut thread = spawn_blocking(move || plimsoll_proxy::run(options));
        tokio::select! {
            () = ready(&holder) => {}
            ended = &mut thread => return Err(ended.unwrap().unwrap_err()),
        }
        std::fs::remove_file(&notify).unwrap();
        let control = Client::new(folder.path().join("proxy.sock"));
        let generation = control.table().await.unwrap().generation;
        Ok(Self { control, folder, thread, generation })
    }

    /// A table with these routes, one generation after the last.
    pub fn table(&mut self, routes: Vec<Route>) -> RouteTable {
        self.generation += 1;
        RouteTable { generation: self.generation, routes }
    }

    /// Has these routes served.
    pub async fn put(&mut self, routes: Vec<Route>) -> Result<(), ControlError> {
        let table = self.table(routes);
        self.control.put(&table).await
    }

    /// Stops it and waits until it has ended.
    pub async fn stop(self) -> TempDir {
        self.control.stop().await.unwrap();
        self.ended().await
    }

    /// Waits until it has ended by itself.
    pub async fn ended(self) -> TempDir {
        self.thread.await.unwrap().unwrap();
        self.folder
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

async fn ready(holder: &UnixDatagram) {
    let mut message = [0; 256];
    loop {
        let length = holder.recv(&mut message).await.unwrap();
        if &message[..length] == b"READY=1" {
            return;
        }
    }
}

/// A port that nobody listens on. It is below those that the system gives to outgoing connections, one of which
/// would otherwise take it now and then before the proxy does.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() % 1200) as u16 * 10;
    let candidates = std::iter::repeat_with(|| 20_000 + (first + NEXT.fetch_add(1, SeqCst)) % 12_000);
    candidates.take(12_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}
