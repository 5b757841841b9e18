//! One client connection: HTTP/1.1 or HTTP/2, told by its first bytes.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::request::{self, Visitor};
use super::worker::Worker;
use crate::forward::peer::Peer;
use crate::tls::{self, Met};

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
    let from = Peer::new(peer.ip());
    let Some(config) = worker.live.tls(port) else { return talk(worker, stream, port, from).await };
    // On the heap, so that connections without TLS need no room for one with it.
    match Box::pin(tls::meet(stream, config, worker.handshake)).await {
        Ok(Met::Secure(stream)) => Box::pin(talk(worker, stream, port, from.over_tls())).await,
        Ok(Met::Plain(stream)) => Box::pin(talk(worker, stream, port, from)).await,
        Err(error) => tracing::debug!(%peer, %error, "a client and this proxy did not come to speak TLS"),
    }
}

/// Answers what is asked over `stream`. A client that has not asked anything within the time for a head is let go: until its first bytes
/// tell the version of HTTP, no one else watches the time.
async fn talk(worker: Arc<Worker>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, port: u16, peer: Peer) {
    let from = peer.address();
    let (asked, multiplexed) = (AtomicBool::new(false), AtomicBool::new(false));
    let visitor = Arc::new(Visitor { worker: Arc::clone(&worker), port, peer });
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
        asked.store(true, Relaxed);
        multiplexed.store(request.version() == http::Version::HTTP_2, Relaxed);
        let visitor = Arc::clone(&visitor);
        async move { Ok::<_, Infallible>(request::answer(&visitor, request).await) }
    });
    let mut connection = std::pin::pin!(worker.http.serve_connection_with_upgrades(TokioIo::new(stream), service));
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => ended,
        () = silence(&worker, &asked) => return tracing::debug!(peer = %from, "a client did not ask anything in time"),
        pace = worker.ending.begun() => {
            // HTTP/2 can say that it takes no more; HTTP/1 can say so only with an answer.
            if !multiplexed.load(Relaxed) {
                tokio::select! {
                    ended = connection.as_mut() => return log(from, ended),
                    () = tokio::time::sleep(pace.linger) => {}
                    () = worker.ending.hurried() => {}
                }
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    log(from, ended);
}

/// Ends when a client had the time for a head and asked nothing.
async fn silence(worker: &Worker, asked: &AtomicBool) {
    tokio::time::sleep(worker.head).await;
    if asked.load(Relaxed) {
        std::future::pending().await
    }
}

fn log(peer: IpAddr, ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%peer, error, "a connection broke");
    }
}
