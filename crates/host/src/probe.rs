//! Asking whether something serves: one try each, judged by the caller.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use plimsoll_certificate::{Protocols, pinned};
use plimsoll_model::Digest;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

/// What is to be got.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// Where who has it listens.
    pub address: SocketAddr,
    /// The host that is asked for.
    pub host: &'a str,
    /// The path that is asked for.
    pub path: &'a str,
    /// Asks by HTTPS, and takes the answer only from who shows this certificate.
    pub certificate: Option<Digest>,
}

/// Asks once.
#[async_trait]
pub trait Prober: Send + Sync {
    /// GETs `page`. Answers the status.
    ///
    /// # Errors
    /// Why there was no answer within `timeout_ms`, in words.
    async fn get(&self, page: &Page<'_>, timeout_ms: u64) -> Result<u16, String>;

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
    async fn get(&self, page: &Page<'_>, timeout_ms: u64) -> Result<u16, String> {
        within(timeout_ms, request(page)).await
    }

    async fn connect(&self, address: SocketAddr, timeout_ms: u64) -> Result<(), String> {
        within(timeout_ms, async { TcpStream::connect(address).await.map(drop).map_err(|error| words(&error)) }).await
    }
}

async fn within<T>(timeout_ms: u64, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| Err(format!("no answer within {timeout_ms} ms"));
    tokio::time::timeout(Duration::from_millis(timeout_ms), work).await.unwrap_or_else(late)
}

async fn request(page: &Page<'_>) -> Result<u16, String> {
    let stream = TcpStream::connect(page.address).await.map_err(|error| words(&error))?;
    let Some(certificate) = page.certificate else { return over(stream, page).await };
    let name = ServerName::try_from(page.host.to_owned()).map_err(|error| error.to_string())?;
    let handshake = TlsConnector::from(pinned(certificate, Protocols::Http1)).connect(name, stream);
    over(handshake.await.map_err(|error| format!("no TLS with certificate {}: {error}", certificate.short()))?, page).await
}

async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send, page: &Page<'_>) -> Result<u16, String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let request = http::Request::get(page.path)
        .header("host", page.host)
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
        let page = |address, path| Page { address, host: "localhost", path, certificate: None };
        assert_eq!(NetworkProber.get(&page(closed, "/"), 10_000).await.map(drop), refused);
        assert_eq!(NetworkProber.get(&page(silent, "/"), 20).await, Err("no answer within 20 ms".into()));
        assert!(NetworkProber.get(&page(silent, "no path"), 10_000).await.is_err());
    }
}
