//! The end of a proxy: told to stop, or to give its place to another one that waits for it.
//!
//! With a successor there is no hurry. Idle clients are kept until they ask once more, since HTTP/1 can be told only with an answer that
//! a connection ends; and tables that come meanwhile are followed, so that no answer comes from a slot that is no longer routed to.

use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::control::retired;
use crate::control::server::{self, Desk};
use crate::lock::{self, FolderLock};
use crate::options::Options;
use crate::serve::{Ending, Pace};

/// How long idle clients are waited for by a proxy that stops: the request that may be on its way should arrive.
const STOP_LINGER: Duration = Duration::from_secs(1);
/// The same with a successor.
const RETIRE_LINGER: Duration = Duration::from_secs(75);

/// `SIGTERM` and `SIGINT`.
#[derive(Debug)]
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on they do not end the process.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves no more; returns when all that was begun is over, or its time is up. `done` is ready when all threads have ended.
pub(crate) async fn end(options: &Options, desk: &Desk, ending: &Ending, lock: FolderLock, (done, signals): (impl Future<Output = ()>, Signals)) {
    let following = if lock::has_successor(&options.folder) { Following::open(&options.folder) } else { None };
    desk.board().retire();
    if following.is_none() {
        desk.board().stopping();
    }
    ending.begin(pace(options, desk, following.is_some()));
    // The successor serves from here on.
    drop(lock);
    match following {
        Some(following) => {
            tracing::info!("another proxy takes over; requests under way go on");
            following.until(done, desk, ending, signals).await;
        }
        None => {
            tracing::info!("stopping: no new connections, requests under way go on");
            done.await;
        }
    }
    desk.finish().await;
}

fn pace(options: &Options, desk: &Desk, succeeded: bool) -> Pace {
    if succeeded {
        let linger = RETIRE_LINGER.min(options.retire);
        return Pace { linger, drain: options.retire - linger, leave_queue: true, tunnels: true };
    }
    let linger = STOP_LINGER.min(options.drain);
    Pace { linger, drain: options.drain - linger, leave_queue: desk.board().is_held(), tunnels: false }
}

/// The socket where a proxy that retired is told what has changed.
struct Following {
    listener: UnixListener,
    path: PathBuf,
}

impl Following {
    /// Without it a proxy cannot be told, and has to end soon.
    fn open(folder: &Path) -> Option<Self> {
        let path = retired::socket(folder, std::process::id());
        match server::open(&path) {
            Ok(listener) => Some(Self { listener, path }),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "nobody can tell this proxy of changes; it stops");
                None
            }
        }
    }

    /// Follows what is told until `done`. Another signal, or being told to stop, means that there is no time left after all.
    async fn until(self, done: impl Future<Output = ()>, desk: &Desk, ending: &Ending, mut signals: Signals) {
        let retired = desk.retired();
        let told = async {
            tokio::select! {
                () = server::serve(self.listener, retired.clone()) => {}
                () = signals.next() => {}
            }
            ending.hurry();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = done => {}
            () = told => {}
        }
        // When it stays, whoever connects finds out that no one is there, and takes it away.
        let _ = std::fs::remove_file(&self.path);
    }
}
