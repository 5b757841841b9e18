//! A serving thread: a runtime of its own, with its own listening sockets and its own connections to the slots.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::connection;
use super::{Accept, Ending, Pace, listen};
use crate::live::Live;

/// How long a client may take to shake hands: it sends two small messages, and needs no answer of ours beyond two.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What all connections of a thread share.
#[derive(Debug)]
pub(crate) struct Worker {
    /// Which of the workers it is; its pool in each slot has the same number.
    pub(crate) number: usize,
    /// What is served.
    pub(crate) live: Arc<Live>,
    /// How long a client may take to send the head of a request.
    pub(crate) head: Duration,
    /// How long a client may take to shake hands.
    pub(crate) handshake: Duration,
    /// When and how it is to end. The worker's own.
    pub(crate) ending: Ending,
    /// Connections under way. Tunnels are not among them: they may never end by themselves.
    pub(crate) connections: TaskTracker,
    /// Tunnels under way.
    pub(crate) tunnels: TaskTracker,
    /// How connections are served.
    pub(crate) http: Builder<TokioExecutor>,
}

impl Worker {
    /// A worker that is not running yet.
    pub(crate) fn new(number: usize, live: Arc<Live>, head: Duration, ending: Ending) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1().timer(TokioTimer::new()).header_read_timeout(head);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(None);
        connection::limit(&mut http);
        Self { number, live, head, handshake: head.min(HANDSHAKE), ending, connections: TaskTracker::new(), tunnels: TaskTracker::new(), http }
    }

    /// Serves until told to stop; `ended` hears of it.
    pub(crate) fn run(self, inbox: mpsc::UnboundedReceiver<Accept>, ended: oneshot::Sender<()>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return tracing::error!(worker = self.number, %error, "a serving thread cannot start"),
        };
        runtime.block_on(serve(Arc::new(self), inbox));
        // Dropped first: it ends the tunnels, which hold claims.
        drop(runtime);
        drop(ended);
    }
}

async fn serve(worker: Arc<Worker>, mut inbox: mpsc::UnboundedReceiver<Accept>) {
    let listeners = TaskTracker::new();
    let pace = loop {
        tokio::select! {
            pace = worker.ending.begun() => break pace,
            order = inbox.recv() => match order {
                Some(order) => drop(listeners.spawn(listen::accept(Arc::clone(&worker), order))),
                None => return,
            },
        }
    };
    listeners.close();
    listeners.wait().await;
    worker.connections.close();
    worker.tunnels.close();
    finish(&worker, pace).await;
}

/// Gives what is under way the time that it has.
async fn finish(worker: &Worker, pace: Pace) {
    let all = async {
        worker.connections.wait().await;
        if pace.tunnels {
            worker.tunnels.wait().await;
        }
    };
    let in_haste = async {
        worker.ending.hurried().await;
        worker.connections.wait().await;
    };
    let ended = async {
        tokio::select! { () = all => {} () = in_haste => {} }
    };
    if tokio::time::timeout(pace.whole(), ended).await.is_err() {
        tracing::warn!(worker = worker.number, connections = worker.connections.len(), "connections are cut off: the time to drain is up");
    }
}
