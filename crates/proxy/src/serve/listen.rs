//! Accepting connections from one listening socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpStream};

use super::worker::Worker;
use super::{Accept, connection};

/// How long to wait when the system has no descriptors left: it has when a connection ends, which nothing tells.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Accepts until the port is closed or the proxy stops.
pub(crate) async fn accept(worker: Arc<Worker>, order: Accept) {
    let Accept { port, listener, closed } = order;
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(port, %error, "a socket cannot be served"),
    };
    let leave_queue = loop {
        tokio::select! {
            accepted = listener.accept() => take(&worker, port, accepted).await,
            () = closed.cancelled() => break false,
            pace = worker.ending.begun() => break pace.leave_queue,
        }
    };
    if !leave_queue {
        while let Some(Ok(accepted)) = listener.accept().now_or_never() {
            take(&worker, port, Ok(accepted)).await;
        }
    }
}

async fn take(worker: &Arc<Worker>, port: u16, accepted: std::io::Result<(TcpStream, SocketAddr)>) {
    match accepted {
        Ok((stream, peer)) => drop(worker.connections.spawn(connection::serve(Arc::clone(worker), stream, port, peer))),
        Err(error) if is_the_clients(&error) => tracing::debug!(port, %error, "a connection was gone before it was accepted"),
        Err(error) => {
            tracing::error!(port, %error, "no connection can be accepted for a moment");
            tokio::time::sleep(EXHAUSTED).await;
        }
    }
}

fn is_the_clients(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
