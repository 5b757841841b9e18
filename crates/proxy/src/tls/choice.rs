//! Which certificate a client is shown: that of the host which it names, or else that of the routes that take any host.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::Ticketer;
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The keys that sessions are resumed with: the same for all threads and tables, and forgotten with the process.
#[derive(Clone)]
pub(crate) struct Tickets(Option<Arc<dyn ProducesTickets>>);

/// The certificates of one port.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    hosts: HashMap<String, Arc<CertifiedKey>>,
    any: Option<Arc<CertifiedKey>>,
    first: Option<Arc<CertifiedKey>>,
}

impl Tickets {
    /// New ones. Without, every connection takes a whole handshake.
    pub(crate) fn new() -> Self {
        Self(Ticketer::new().inspect_err(|error| tracing::warn!(%error, "sessions cannot be resumed")).ok())
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

impl Choice {
    /// Shows `certificate` to those who ask for `host`, or for any that has none of its own.
    pub(crate) fn add(&mut self, host: Option<&str>, certificate: &Arc<CertifiedKey>) {
        self.first.get_or_insert_with(|| Arc::clone(certificate));
        match host {
            Some(host) => drop(self.hosts.insert(host.to_ascii_lowercase(), Arc::clone(certificate))),
            None => self.any = Some(Arc::clone(certificate)),
        }
    }

    /// The same as the handshake needs it: TLS 1.2 and 1.3, then HTTP/2 or HTTP/1.1.
    pub(crate) fn config(self, tickets: &Tickets) -> Arc<ServerConfig> {
        let versions = ServerConfig::builder_with_provider(plimsoll_certificate::provider()).with_safe_default_protocol_versions();
        let mut config = versions.expect("ring speaks TLS 1.2 and 1.3").with_no_client_auth().with_cert_resolver(Arc::new(self));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        if let Some(tickets) = &tickets.0 {
            config.ticketer = Arc::clone(tickets);
        }
        Arc::new(config)
    }

    fn find(&self, named: Option<&str>) -> Option<&Arc<CertifiedKey>> {
        match named {
            Some(name) => self.hosts.get(&name.to_ascii_lowercase()).or(self.any.as_ref()),
            // Who names none takes what there is, and judges it.
            None => self.any.as_ref().or(self.first.as_ref()),
        }
    }
}

impl ResolvesServerCert for Choice {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name()).cloned()
    }
}
