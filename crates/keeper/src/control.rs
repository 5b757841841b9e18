//! The keeper's socket: states go out to all who are connected, requests come in.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::wire::{self, Replace, Report, Request};
use crate::{KeeperError, folder};

/// How long to wait when no connection can be accepted, for want of file descriptors.
const SHORTAGE: Duration = Duration::from_secs(1);

/// Listens in the current folder. A socket that is there was left by a keeper that was killed.
pub(crate) fn listen() -> Result<UnixListener, KeeperError> {
    unlisten();
    UnixListener::bind(folder::SOCKET).map_err(KeeperError::io("listen at", Path::new(folder::SOCKET)))
}

/// Takes the socket away, so that no one finds it any more.
pub(crate) fn unlisten() {
    let _ = fs::remove_file(folder::SOCKET);
}

/// What the keeper is told: by those who are connected, and by `SIGTERM`.
pub(crate) struct Orders {
    requests: mpsc::Receiver<Request>,
    /// Came while nothing could be replaced.
    waiting: VecDeque<Box<Replace>>,
    terminate: unix::Signal,
    grace: Duration,
}

/// One thing that it is told.
pub(crate) enum Order {
    /// Stop within this time.
    Stop(Duration),
    /// Replace the program.
    Replace(Box<Replace>),
}

/// The longest that anything is waited for: a day. Moments that are further away may not exist.
const LONGEST_MS: u64 = 24 * 60 * 60 * 1000;

/// So many milliseconds, or a day if that is shorter.
pub(crate) fn bounded(ms: u64) -> Duration {
    Duration::from_millis(ms.min(LONGEST_MS))
}

impl Orders {
    /// No orders yet, and where to send them. `SIGTERM` gives the program `grace`.
    pub(crate) fn new(grace: Duration) -> Result<(Self, mpsc::Sender<Request>), KeeperError> {
        let (send, requests) = mpsc::channel(4);
        let terminate = unix::signal(SignalKind::terminate()).map_err(KeeperError::system("listen for SIGTERM"))?;
        Ok((Self { requests, waiting: VecDeque::new(), terminate, grace }, send))
    }

    /// Waits for the next order. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&mut self) -> Order {
        match self.waiting.pop_front() {
            Some(replace) => Order::Replace(replace),
            None => self.arrives().await,
        }
    }

    /// Waits for the next order to stop, and returns how long that may take. Others wait for [`next`](Self::next).
    pub(crate) async fn stop(&mut self) -> Duration {
        loop {
            match self.arrives().await {
                Order::Stop(grace) => return grace,
                Order::Replace(replace) => self.waiting.push_back(replace),
            }
        }
    }

    async fn arrives(&mut self) -> Order {
        tokio::select! {
            Some(request) = self.requests.recv() => match request {
                Request::Stop { grace_ms } => Order::Stop(bounded(grace_ms)),
                Request::Replace(replace) => Order::Replace(replace),
            },
            _ = self.terminate.recv() => Order::Stop(self.grace),
        }
    }
}

/// Serves all who connect, until the report that says that it is over has been sent to each.
pub(crate) async fn serve(listener: UnixListener, mut reports: watch::Receiver<Report>, requests: mpsc::Sender<Request>) {
    let mut talks = JoinSet::new();
    let told = reports.clone();
    loop {
        tokio::select! {
            () = over(&mut reports) => break,
            Some(_) = talks.join_next() => {}
            stream = accept(&listener) => { talks.spawn(talk(stream, told.clone(), requests.clone())); }
        }
    }
    drop(listener);
    talks.join_all().await;
}

async fn over(reports: &mut watch::Receiver<Report>) {
    // Without a sender it is over as well.
    let _ = reports.wait_for(|report| report.over).await;
}

async fn accept(listener: &UnixListener) -> UnixStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(SHORTAGE).await,
        }
    }
}

/// One conversation; it ends with the other side, or with the last report.
async fn talk(stream: UnixStream, mut reports: watch::Receiver<Report>, requests: mpsc::Sender<Request>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    loop {
        let report = reports.borrow_and_update().clone();
        if write.write_all(&wire::line(&report)).await.is_err() || report.over {
            return;
        }
        loop {
            tokio::select! {
                changed = reports.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                line = lines.next_line() => match line.ok().flatten().and_then(|line| serde_json::from_str(&line).ok()) {
                    Some(request) => if requests.send(request).await.is_err() { return },
                    // A request that is not understood ends the talk, so that the asker knows.
                    None => return,
                },
            }
        }
    }
}
