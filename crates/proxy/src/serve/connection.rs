//! One client connection: HTTP/1.1 or HTTP/2, told by its first bytes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;

use super::request::{self, Visitor};
use super::worker::Worker;
use crate::forward::peer::Peer;

/// How long a client may take to send the head of a request.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Bounds on what a client may make the proxy remember, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// Sets those bounds.
pub(crate) fn limit(http: &mut Builder<TokioExecutor>) {
    http.http1().max_buf_size(MAX_HEAD);
    http.http2().max_header_list_size(MAX_HEAD as u32).max_concurrent_streams(256);
}

/// Serves `stream` until either side has done with it.
pub(crate) async fn serve(worker: Arc<Worker>, stream: TcpStream, port: u16, peer: SocketAddr) {
    if let Err(error) = stream.set_nodelay(true) {
        return tracing::debug!(%peer, %error, "a connection was gone before it was served");
    }
    let multiplexed = AtomicBool::new(false);
    let visitor = Arc::new(Visitor { worker: Arc::clone(&worker), port, peer: Peer::new(peer.ip()) });
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
        multiplexed.store(request.version() == http::Version::HTTP_2, Relaxed);
        let visitor = Arc::clone(&visitor);
        async move { Ok::<_, Infallible>(request::answer(&visitor, request).await) }
    });
    let mut connection = std::pin::pin!(worker.http.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        pace = worker.ending.begun() => {
            // HTTP/2 can say that it takes no more; HTTP/1 can say so only with an answer.
            if !multiplexed.load(Relaxed) {
                tokio::select! {
                    ended = connection.as_mut() => return log(peer, ended),
                    () = tokio::time::sleep(pace.linger) => {}
                    () = worker.ending.hurried() => {}
                }
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    log(peer, ended);
}

fn log(peer: SocketAddr, ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%peer, error, "a connection broke");
    }
}
