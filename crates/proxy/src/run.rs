//! The life of the proxy's process: wait for its turn, take over, serve, drain, end.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::UnixListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::control::ControlError;
use crate::control::server::{self, Desk, Role};
use crate::end::{self, Signals};
use crate::live::Live;
use crate::lock::{self, FolderLock};
use crate::options::Options;
use crate::ports::Ports;
use crate::serve::{Ending, Workers};
use crate::sockets::notify::Holder;
use crate::sockets::{CONTROL, Inherited, inherit};
use crate::state::{self, StateError};
use crate::switchboard::{self, Switchboard};

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
/// Call it first in a process of its own: it takes over the descriptors that `LISTEN_FDS` says were passed to it. Where a proxy serves
/// from the folder already, a successor waits beside it until that one is told to stop. No connection is refused in between, and the
/// other one finishes what it has begun.
///
/// # Errors
/// What keeps the proxy from starting. Once it serves it goes on, whatever happens to single requests.
pub fn run(options: Options) -> Result<(), ProxyError> {
    let inherited = inherit::sockets();
    let holder = options.notify.as_deref().map(Holder::reach).unwrap_or_default();
    raise_file_limit();
    make_private(&options.folder).map_err(unusable(&options.folder))?;
    let lock = turn(&options, &holder, &inherited)?;
    serve(&options, inherited, holder, lock)
}

/// The lock of the folder, at once or when the proxy before this one lets go.
fn turn(options: &Options, holder: &Holder, inherited: &Inherited) -> Result<FolderLock, ProxyError> {
    let folder = &options.folder;
    if let Some(lock) = lock::take(folder).map_err(unusable(folder))? {
        return Ok(lock);
    }
    if !options.successor && inherited.is_empty() {
        return Err(unusable(folder)(io::ErrorKind::WouldBlock.into()));
    }
    let place = lock::queue(folder).map_err(unusable(folder))?;
    rehearse(options, inherited)?;
    tracing::info!(folder = %folder.display(), "waiting for the proxy before this one to stop");
    holder.prepared();
    place.wait().map_err(unusable(folder))
}

/// Finds out, while another proxy serves, whether this one could.
fn rehearse(options: &Options, inherited: &Inherited) -> Result<(), ProxyError> {
    let folder = &options.folder;
    let table = state::read(folder)?.table.unwrap_or_default();
    switchboard::rehearse(&table, &options.addresses, &inherited.ports).map_err(|source| ProxyError::Table { folder: folder.clone(), source })
}

fn serve(options: &Options, inherited: Inherited, holder: Holder, lock: FolderLock) -> Result<(), ProxyError> {
    let folder = &options.folder;
    let found = state::read(folder)?;
    let (live, ending) = (Arc::new(Live::new()), Ending::default());
    let (workers, done) = Workers::start(options, &live, &ending)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let listener = control_socket(folder, inherited.control, &holder)?;
        let ports = Ports::new(options.addresses.clone(), holder, workers);
        let board = Switchboard::start(folder.clone(), live, ports, found, inherited.ports)
            .map_err(|source| ProxyError::Table { folder: folder.clone(), source })?;
        let desk = Desk {
            board: Arc::new(Mutex::new(board)),
            folder: folder.as_path().into(),
            role: Role::Serves,
            stop: CancellationToken::new(),
            talks: TaskTracker::new(),
        };
        if desk.board().is_waited_at() {
            tokio::spawn(wait_no_longer(desk.clone(), options.restore));
        }
        tokio::select! {
            () = server::serve(listener, desk.clone()) => {}
            () = signals.next() => {}
        }
        end::end(options, &desk, &ending, lock, (done, signals)).await;
        Ok(())
    })
}

/// Whoever knows the routes should have told them by then.
async fn wait_no_longer(desk: Desk, after: Duration) {
    tokio::time::sleep(after).await;
    desk.board().admit_all();
}

/// The socket for the daemon: the one that was held, so that whoever is connected to it already waits for us, or a new one.
fn control_socket(folder: &Path, kept: Option<std::os::unix::net::UnixListener>, holder: &Holder) -> Result<UnixListener, ProxyError> {
    let path = folder.join("proxy.sock");
    let socket = match kept {
        Some(kept) if path.exists() => UnixListener::from_std(kept),
        Some(_) => {
            holder.forget(CONTROL);
            server::open(&path)
        }
        None => server::open(&path),
    };
    let socket = socket.map_err(|source| ProxyError::Socket { path, source })?;
    holder.store(CONTROL, &socket);
    Ok(socket)
}

fn unusable(folder: &Path) -> impl Fn(io::Error) -> ProxyError {
    move |source| ProxyError::Folder { folder: folder.to_owned(), source }
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
