//! The ways to a host: a socket of this machine, or `ssh`.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use plimsoll_api::HostError;
use plimsoll_model::HostName;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::UnixStream;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::oneshot;

use crate::ssh::fault::Fault;
use crate::ssh::{End, Road, Session, Try};
use crate::{ConnectError, Daemon, dial, socket};

/// How long a host may take until its daemon speaks: it may have to be started. Nobody sets a limit to people who are asked.
const PATIENCE: Duration = Duration::from_secs(60);

/// A way to a host.
pub(crate) enum Way {
    /// The daemon that listens at this socket.
    Socket(PathBuf),
    /// The daemon of this machine, which is started again when nobody listens any more.
    Kept(Daemon),
    /// The daemon of another machine.
    Ssh(Road),
}

/// The streams of an `ssh` that was just started.
pub(crate) struct Over {
    /// Both streams.
    pub streams: tokio::io::Join<Heard, ChildStdin>,
    /// Resolves when the daemon has said something.
    pub heard: oneshot::Receiver<()>,
    /// How it ends.
    pub end: End,
}

/// Tells when the first of it was read.
pub(crate) struct Heard {
    from: ChildStdout,
    tell: Option<oneshot::Sender<()>>,
}

impl Way {
    /// Connects to a socket.
    pub async fn connect(&self, host: &HostName) -> Result<UnixStream, HostError> {
        let (path, daemon) = match self {
            Self::Socket(path) => (path.clone(), None),
            Self::Kept(daemon) => (daemon.socket(), Some(daemon)),
            Self::Ssh(_) => return Err(unreachable(host, "it has no socket here".into(), "reach it by ssh")),
        };
        match (socket::connect(&path).await, daemon) {
            (Err(error), Some(daemon)) if socket::nobody_there(&error) => {
                let why = |error: ConnectError| unreachable(host, error.to_string(), "see its log; or start it by hand: plimsoll host serve");
                daemon.start_again().await.map_err(why)
            }
            (stream, _) => stream.map_err(|error| no_way(host, &path, &error)),
        }
    }

    /// What the way is called where it is a socket.
    pub fn socket(&self) -> Option<PathBuf> {
        match self {
            Self::Socket(path) => Some(path.clone()),
            Self::Kept(daemon) => Some(daemon.socket()),
            Self::Ssh(_) => None,
        }
    }
}

impl Over {
    /// Starts the host's end.
    pub async fn start(road: &Road, how: Try) -> Result<Self, Fault> {
        let Session { input, output, end } = road.start(dial::COMMAND, how).await?;
        let (tell, heard) = oneshot::channel();
        let streams = tokio::io::join(Heard { from: output, tell: Some(tell) }, input);
        Ok(Self { streams, heard, end })
    }
}

/// Waits until the daemon has said something, which it does when it is spoken to: before that nothing has been asked of the host.
pub(crate) async fn up(heard: oneshot::Receiver<()>, end: &End, how: Try) -> Result<(), Fault> {
    let answer = async {
        match heard.await {
            Ok(()) => Ok(()),
            // The stream ended, and so does `ssh`.
            Err(_) => Err(Fault::judge(&end.wait().await)),
        }
    };
    if how.asks {
        return answer.await;
    }
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(|_| Err(Fault::TimedOut(format!("no word within {} s", PATIENCE.as_secs()))))
}

impl AsyncRead for Heard {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.from).poll_read(cx, into);
        if into.filled().len() > before
            && let Some(tell) = self.tell.take()
        {
            // Whoever waited may have given up.
            let _ = tell.send(());
        }
        read
    }
}

fn no_way(host: &HostName, socket: &std::path::Path, error: &io::Error) -> HostError {
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied => "only the user that the daemon runs as may connect to it: use that login",
        _ => "see that its daemon runs: plimsoll host serve",
    };
    unreachable(host, format!("cannot connect to {}: {error}", socket.display()), help)
}

fn unreachable(host: &HostName, why: String, help: &str) -> HostError {
    HostError::unreachable(host.clone(), why, help)
}
