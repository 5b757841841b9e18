//! The life of the proxy's process: take over, serve, drain, end.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::control::ControlError;
use crate::control::server::{self, Desk};
use crate::live::Live;
use crate::lock;
use crate::serve::{Pace, Workers};
use crate::sockets::bind::Addresses;
use crate::sockets::notify::Holder;
use crate::sockets::{Kept, inherit};
use crate::state::{self, StateError};
use crate::switchboard::Switchboard;

/// How to run a proxy.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where its control socket (`proxy.sock`) and its state (`routes.json`) are.
    pub folder: PathBuf,
    /// On which addresses it opens ports.
    pub addresses: Addresses,
    /// How many threads serve.
    pub threads: usize,
    /// How long requests may go on after it was told to stop.
    pub drain: Duration,
    /// Address of the socket of whoever started it, who is told when it is ready and holds its listening sockets:
    /// a path, or `@NAME`.
    pub notify: Option<String>,
}

impl Options {
    /// A proxy that serves from `folder`, reachable from everywhere, with a thread for each core up to four, and that
    /// gives requests 30 seconds to end.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        // Elsewhere the kernel does not spread connections over sockets that share a port.
        let cores = if cfg!(target_os = "linux") { std::thread::available_parallelism().map_or(1, usize::from) } else { 1 };
        Self { folder, addresses: Addresses::everywhere(), threads: cores.min(4), drain: Duration::from_secs(30), notify: None }
    }

    /// The same for a process that systemd or a keeper has started, which `NOTIFY_SOCKET` names.
    #[must_use]
    pub fn from_environment(folder: PathBuf) -> Self {
        Self { notify: std::env::var("NOTIFY_SOCKET").ok(), ..Self::new(folder) }
    }
}

/// Why the proxy does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// Another one serves from the folder, or the folder cannot be used.
    #[error("cannot take the folder {}: {source}; help: does another proxy run there?", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The kept table cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The kept table cannot be served.
    #[error("the kept route table in {} cannot be served: {source}; help: {}", folder.display(), source.help())]
    Table {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        source: ControlError,
    },
    /// The system gives no thread, timer or signal handler.
    #[error("the system does not let the proxy start: {0}")]
    System(#[from] io::Error),
    /// The control socket cannot be opened.
    #[error("cannot open the control socket {}: {source}", path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Serves until `SIGTERM`, `SIGINT` or [`Client::stop`](crate::control::Client::stop), then drains and returns.
///
/// Call it first in a process of its own: it takes over the descriptors that `LISTEN_FDS` says were passed to it.
///
/// # Errors
/// What keeps the proxy from starting. Once it serves it goes on, whatever happens to single requests.
pub fn run(options: Options) -> Result<(), ProxyError> {
    let kept = inherit::sockets();
    let holder = options.notify.as_deref().map(Holder::reach).unwrap_or_default();
    raise_file_limit();
    serve(options, kept, holder)
}

fn serve(options: Options, kept: Vec<Kept>, holder: Holder) -> Result<(), ProxyError> {
    let folder = &options.folder;
    make_private(folder).map_err(|source| ProxyError::Folder { folder: folder.clone(), source })?;
    let lock = lock::take(folder, !kept.is_empty()).map_err(|source| ProxyError::Folder { folder: folder.clone(), source })?;
    let table = state::read(folder)?;
    let (live, stop) = (Arc::new(Live::new()), CancellationToken::new());
    let pace = Pace { drain: options.drain, leave_queue: holder.holds() };
    let (workers, done) = Workers::start(options.threads.max(1), &live, &stop, pace)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = folder.join("proxy.sock");
        let listener = server::open(&socket).map_err(|source| ProxyError::Socket { path: socket, source })?;
        let board = Switchboard::start(folder.clone(), options.addresses.clone(), holder, workers, live, (table, kept))
            .map_err(|source| ProxyError::Table { folder: folder.clone(), source })?;
        let desk = Desk { board: Arc::new(Mutex::new(board)), stop: stop.clone(), talks: TaskTracker::new() };
        tokio::select! {
            () = server::serve(listener, desk.clone()) => {}
            ended = told_to_stop() => ended?,
        }
        tracing::info!("stopping: no new connections, requests under way go on");
        stop.cancel();
        desk.stopping();
        drop(lock);
        done.await;
        desk.finish().await;
        Ok(())
    })
}

async fn told_to_stop() -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

fn make_private(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Each request needs two descriptors; the soft limit of many systems is 1024.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::debug!(%error, "the limit on open files stays as it is");
    }
}
