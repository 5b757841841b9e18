//! Connections: how many there may be, TLS, HTTP/1.1 and HTTP/2 on each, and how all of them end.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use plimsoll_ops::{Exit, OpError};
use rmcp::ServerHandler;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::Door;
use super::gate::Gate;

/// How many connections there may be at once; others wait.
const CONNECTIONS: usize = 256;

/// How long a client may take for its side of a TLS handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many requests one connection of HTTP/2 may have under way.
const STREAMS: u32 = 64;

/// How long those who still read may take when the server ends.
const GRACE: Duration = Duration::from_secs(2);

/// How long to wait for a file descriptor to become free.
const PAUSE: Duration = Duration::from_millis(100);

/// How it comes to an end.
pub(super) struct End<S> {
    /// Nobody is let in from then on.
    pub(super) stop: CancellationToken,
    /// Done when nothing is under way any more.
    pub(super) settled: S,
    /// Ends sessions and streams.
    pub(super) end: CancellationToken,
}

/// Lets in whoever comes to `door` until it is to stop.
pub(super) async fn serve<H, S>(door: Door, gate: Arc<Gate<H>>, End { stop, settled, end }: End<S>) -> Result<(), OpError>
where
    H: ServerHandler + Send + Sync + 'static,
    S: Future<Output = ()>,
{
    let gone = |error: io::Error| OpError::new(Exit::Host, "cannot-listen", format!("nobody can be let in any more: {error}"));
    let listener = TcpListener::from_std(door.listener).map_err(gone)?;
    let (connections, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(CONNECTIONS)));
    let outcome = tokio::select! {
        error = admit(&listener, door.tls, &gate, &connections, &places) => Err(gone(error)),
        () = stop.cancelled() => Ok(()),
    };
    drop(listener);
    settled.await;
    end.cancel();
    if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
        tracing::debug!("ending with connections that are not idle");
    }
    outcome
}

/// Takes one connection after the other; gives why there can be no more.
async fn admit<H>(
    listener: &TcpListener,
    tls: Option<Arc<ServerConfig>>,
    gate: &Arc<Gate<H>>,
    connections: &GracefulShutdown,
    places: &Arc<Semaphore>,
) -> io::Error
where
    H: ServerHandler + Send + Sync + 'static,
{
    loop {
        let place = Arc::clone(places).acquire_owned().await.expect("it is never closed");
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(attend(stream, tls.clone(), Arc::clone(gate), connections.watcher(), place))),
            Err(error) if passes(&error) => tokio::time::sleep(PAUSE).await,
            Err(error) => return error,
        }
    }
}

/// Whether the next connection may well be taken.
fn passes(error: &io::Error) -> bool {
    let passing = [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE, rustix::io::Errno::NOBUFS, rustix::io::Errno::NOMEM];
    let code = error.raw_os_error();
    error.kind() == io::ErrorKind::ConnectionAborted || passing.iter().any(|errno| code == Some(errno.raw_os_error()))
}

async fn attend<H>(stream: TcpStream, tls: Option<Arc<ServerConfig>>, gate: Arc<Gate<H>>, watcher: Watcher, place: OwnedSemaphorePermit)
where
    H: ServerHandler + Send + Sync + 'static,
{
    // What is told of progress is small, and wanted at once.
    let _ = stream.set_nodelay(true);
    match tls {
        None => talk(stream, gate, watcher).await,
        Some(config) => match tokio::time::timeout(PATIENCE, TlsAcceptor::from(config).accept(stream)).await {
            Ok(Ok(stream)) => talk(stream, gate, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "no handshake"),
            Err(_) => tracing::debug!("no handshake in time"),
        },
    }
    drop(place);
}

async fn talk<H>(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, gate: Arc<Gate<H>>, watcher: Watcher)
where
    H: ServerHandler + Send + Sync + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS);
    let service = service_fn(move |request| {
        let gate = Arc::clone(&gate);
        async move { Ok::<_, Infallible>(gate.answer(request).await) }
    });
    let connection = watcher.watch(builder.serve_connection(TokioIo::new(stream), service).into_owned());
    // A client that goes in the middle of things is nothing to report.
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended");
    }
}
