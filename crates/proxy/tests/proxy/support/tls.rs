//! Certificates, routes that show them, and clients that know what to trust.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use plimsoll_certificate::{Pair, provider};
use plimsoll_model::route::{Route, Tls};
use plimsoll_model::{Digest, Secret};
use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::{Connection, request};

/// A certificate that has signed itself, with its private key.
pub struct Issued {
    pub certificate: CertificateDer<'static>,
    pub digest: Digest,
    pair: Pair,
}

/// Issues one for these names.
pub fn issue(names: &[&str]) -> Issued {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let pair = Pair::read(&made.cert.pem(), &Secret::new(made.signing_key.serialize_pem())).unwrap();
    Issued { certificate: made.cert.der().clone(), digest: pair.about().digest, pair }
}

impl Issued {
    /// `route` with this certificate, which is kept in `folder`; requests are sent on to it from the port `plain`.
    pub fn for_route(&self, folder: &Path, route: Route, plain: Option<u16>) -> Route {
        let path = folder.join(format!("{}.pem", self.digest));
        std::fs::write(&path, self.pair.write().expose()).unwrap();
        let tls = Tls { certificate: self.digest, expires_at: self.pair.about().expires_at, redirect_from: plain, hsts_s: 600, enrolment: None };
        let spec = plimsoll_model::route::RouteSpec { tls: Some(tls), ..route.spec };
        Route { spec, certificate: Some(path), ..route }
    }
}

/// A client that trusts these certificates and nothing else, and offers these protocols.
pub fn client(trusted: &[&Issued], versions: &[&'static SupportedProtocolVersion], protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    trusted.iter().for_each(|issued| roots.add(issued.certificate.clone()).unwrap());
    let builder = ClientConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    config.resumption = Resumption::in_memory_sessions(8);
    Arc::new(config)
}

/// The same for HTTP/1.1, with whichever version of TLS.
pub fn plain_client(trusted: &[&Issued]) -> Arc<ClientConfig> {
    client(trusted, rustls::ALL_VERSIONS, &["http/1.1"])
}

/// Connects to `port` and names `host`.
pub async fn connect(port: u16, host: &str, config: &Arc<ClientConfig>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    TlsConnector::from(Arc::clone(config)).connect(ServerName::try_from(host.to_owned()).unwrap(), stream).await
}

/// Clients that ask `shop.example` by TLS until they are told to stop, on kept connections and on new ones.
pub struct Load {
    stop: Arc<AtomicBool>,
    done: watch::Sender<usize>,
    clients: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    pub fn start(port: u16, config: &Arc<ClientConfig>) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), watch::Sender::new(0));
        let one = |keep| tokio::spawn(ask(port, Arc::clone(config), keep, Arc::clone(&stop), done.clone()));
        Self { clients: [true, true, false, false].into_iter().map(one).collect(), stop, done }
    }

    /// Waits until so many more requests were begun.
    pub async fn more(&self, answers: usize) {
        let enough = *self.done.borrow() + answers;
        self.done.subscribe().wait_for(|done| *done >= enough).await.unwrap();
    }

    /// What was not answered right.
    pub async fn end(self) -> Vec<String> {
        self.stop.store(true, SeqCst);
        let mut wrong = Vec::new();
        for client in self.clients {
            wrong.extend(client.await.unwrap());
        }
        wrong
    }
}

/// A connection is given up only when an answer says that it ends.
async fn ask(port: u16, config: Arc<ClientConfig>, keep: bool, stop: Arc<AtomicBool>, done: watch::Sender<usize>) -> Vec<String> {
    let (mut wrong, mut kept) = (Vec::new(), None);
    while !stop.load(SeqCst) {
        done.send_modify(|done| *done += 1);
        let mut open = match kept.take() {
            Some(open) if keep => open,
            _ => match connect(port, "shop.example", &config).await {
                Ok(stream) => Connection::over(stream).await,
                Err(error) => {
                    wrong.push(format!("no handshake: {error}"));
                    continue;
                }
            },
        };
        match open.try_ask(request("POST", "/echo", &[], "ping")).await {
            Ok(answer) if answer.text() == "ping" => kept = (answer.header("connection") != Some("close")).then_some(open),
            other => wrong.push(format!("{other:?}")),
        }
    }
    wrong
}
