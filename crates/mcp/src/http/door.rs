//! Where a server listens, and what it takes to do so elsewhere than on this machine alone.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use plimsoll_ops::{Exit, OpError};
use rustls::ServerConfig;

use super::{PATH, Shown};

/// How those who come are met.
#[derive(Debug, Default)]
pub struct Manner {
    /// The certificate that is shown; without one, plain HTTP is spoken.
    pub certificate: Option<Shown>,
    /// Plain HTTP may be spoken with others than this machine: something else protects the way.
    pub insecure: bool,
    /// Other names under which the server may be spoken to.
    pub names: Vec<String>,
}

/// A listening socket, before anybody is let in.
#[derive(Debug)]
pub struct Door {
    pub(super) listener: TcpListener,
    address: SocketAddr,
    pub(super) tls: Option<Arc<ServerConfig>>,
    pub(super) names: Vec<String>,
}

impl Door {
    /// Listens at `address`; the system chooses a port where it is 0.
    ///
    /// # Errors
    /// Others than this machine could come, and tokens would travel in the open (`http-insecure`); or nobody can listen there (`cannot-listen`).
    pub fn open(address: SocketAddr, manner: Manner) -> Result<Self, OpError> {
        let Manner { certificate, insecure, names } = manner;
        if !address.ip().is_loopback() && certificate.is_none() && !insecure {
            return Err(in_the_open(address));
        }
        let listen = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = listen().map_err(|error: std::io::Error| {
            let message = format!("cannot listen at {address}: {error}");
            OpError::new(Exit::Host, "cannot-listen", message).with_help("give another address, or port 0 for one that is free")
        })?;
        Ok(Self { listener, address, tls: certificate.map(tls), names })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where clients find the protocol.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}{PATH}", self.address)
    }
}

fn in_the_open(address: SocketAddr) -> OpError {
    let message = format!("at {address}, others than this machine could listen in: tokens and answers would travel in the open");
    let help = "give --tls-cert FILE and --tls-key FILE; or listen on 127.0.0.1 and let something with TLS stand before it; or, where the network is yours alone, say --insecure-http";
    OpError::new(Exit::Refused, "http-insecure", message).with_help(help)
}

fn tls(shown: Shown) -> Arc<ServerConfig> {
    let versions = ServerConfig::builder_with_provider(plimsoll_certificate::provider()).with_safe_default_protocol_versions();
    let mut config = versions.expect("ring speaks TLS 1.2 and 1.3").with_no_client_auth().with_cert_resolver(Arc::new(shown));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_are_only_let_in_when_nobody_can_listen_in() {
        let check = |address: &str, insecure: bool, expect: Option<&str>| {
            let opened = Door::open(address.parse().unwrap(), Manner { insecure, ..Manner::default() });
            assert_eq!(opened.err().map(|error| error.code).as_deref(), expect, "{address} {insecure}");
        };
        check("127.0.0.1:0", false, None);
        check("127.1.2.3:0", false, None);
        check("0.0.0.0:0", false, Some("http-insecure"));
        check("[::]:0", false, Some("http-insecure"));
        check("192.0.2.7:0", false, Some("http-insecure"));
        check("192.0.2.7:0", true, Some("cannot-listen"));
    }

    #[test]
    fn it_says_where_it_listens() {
        let door = Door::open("127.0.0.1:0".parse().unwrap(), Manner::default()).unwrap();
        assert_ne!(door.address().port(), 0);
        assert_eq!(door.url(), format!("http://127.0.0.1:{}/mcp", door.address().port()));
    }
}
