//! The first bytes of a connection to a port with TLS: a handshake, or plain HTTP, which has to be told that this is the wrong way.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a record of a handshake begins with (RFC 8446, 5.1). No method of HTTP does.
const HANDSHAKE: u8 = 0x16;

/// A client that is met.
pub(crate) enum Met {
    /// It speaks TLS.
    Secure(Box<TlsStream<TcpStream>>),
    /// It does not.
    Plain(TcpStream),
}

/// Finds out what a client speaks and shakes hands with it, both within `limit`.
pub(crate) async fn meet(stream: TcpStream, config: Arc<ServerConfig>, limit: Duration) -> io::Result<Met> {
    let met = async {
        let mut first = [0];
        match stream.peek(&mut first).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ if first[0] == HANDSHAKE => Ok(Met::Secure(Box::new(TlsAcceptor::from(config).accept(stream).await?))),
            _ => Ok(Met::Plain(stream)),
        }
    };
    tokio::time::timeout(limit, met).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
