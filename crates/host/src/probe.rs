//! Asking whether something serves: one try each, judged by the caller.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Asks once.
#[async_trait]
pub trait Prober: Send + Sync {
    /// GETs `path` of what listens at `address`, as `host`. Answers the status.
    ///
    /// # Errors
    /// Why there was no answer within `timeout_ms`, in words.
    async fn get(&self, address: SocketAddr, host: &str, path: &str, timeout_ms: u64) -> Result<u16, String>;

    /// Connects to `address`.
    ///
    /// # Errors
    /// Why that was not possible within `timeout_ms`, in words.
    async fn connect(&self, address: SocketAddr, timeout_ms: u64) -> Result<(), String>;
}

/// Asks over the network.
pub struct NetworkProber;

#[async_trait]
impl Prober for NetworkProber {
    async fn get(&self, address: SocketAddr, host: &str, path: &str, timeout_ms: u64) -> Result<u16, String> {
        within(timeout_ms, request(address, host, path)).await
    }

    async fn connect(&self, address: SocketAddr, timeout_ms: u64) -> Result<(), String> {
        within(timeout_ms, async { TcpStream::connect(address).await.map(drop).map_err(|error| words(&error)) }).await
    }
}

async fn within<T>(timeout_ms: u64, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| Err(format!("no answer within {timeout_ms} ms"));
    tokio::time::timeout(Duration::from_millis(timeout_ms), work).await.unwrap_or_else(late)
}

async fn request(address: SocketAddr, host: &str, path: &str) -> Result<u16, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| words(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let request = http::Request::get(path)
        .header("host", host)
        .header("user-agent", concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
        .header("connection", "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = async move { sender.send_request(request).await.map(|answer| answer.status().as_u16()) };
    // A server may end the connection right behind its answer: the answer counts, whichever is noticed first.
    let (answer, _) = tokio::join!(answer, connection);
    answer.map_err(|error| error.to_string())
}

fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "connection refused".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn why_nothing_answers_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are ports");
        let silent = listener.local_addr().expect("it is bound");
        // Bound, so that it is nobody else's, and not listened on.
        let deaf = TcpSocket::new_v4().expect("there are sockets");
        deaf.bind("127.0.0.1:0".parse().expect("it is an address")).expect("there are ports");
        let closed = deaf.local_addr().expect("it is bound");
        let refused = Err("connection refused".to_owned());
        assert_eq!(NetworkProber.connect(silent, 10_000).await, Ok(()));
        assert_eq!(NetworkProber.connect(closed, 10_000).await, refused);
        assert_eq!(NetworkProber.get(closed, "localhost", "/", 10_000).await.map(drop), refused);
        assert_eq!(NetworkProber.get(silent, "localhost", "/", 20).await, Err("no answer within 20 ms".into()));
        assert!(NetworkProber.get(silent, "localhost", "no path", 10_000).await.is_err());
    }
}
