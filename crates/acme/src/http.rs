//! Requests to an authority, each on a connection of its own: there are a dozen for a certificate, every other month.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use plimsoll_model::route::Enrolment;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::refusal::{self, Refusal, Trouble, Wait};
use crate::trust;

/// How long an authority may take for one answer.
const WITHIN: Duration = Duration::from_secs(30);

type Broken = Box<dyn StdError + Send + Sync>;

/// A client of one authority.
#[derive(Clone)]
pub(crate) struct Client {
    config: Arc<ClientConfig>,
    /// What the last answer that refused something said of when to ask again.
    wait: Arc<Mutex<Option<Wait>>>,
}

impl Client {
    pub(crate) fn new(enrolment: &Enrolment) -> Result<Self, Refusal> {
        judge(&enrolment.directory).map_err(|error| refusal::of(enrolment, &Trouble::Asked(Error::Other(error)), None))?;
        Ok(Self { config: trust::config(enrolment)?, wait: Arc::default() })
    }

    /// What is to be told of `trouble`, with the time to wait that came with it.
    pub(crate) fn told(&self, enrolment: &Enrolment, trouble: Trouble) -> Refusal {
        refusal::of(enrolment, &trouble, *self.wait.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn heard(&self, answer: &BytesResponse) {
        let asked = answer.parts.headers.get(header::RETRY_AFTER).and_then(|value| refusal::wait(value.to_str().ok()?));
        let refuses = answer.parts.status.is_client_error() || answer.parts.status.is_server_error();
        *self.wait.lock().unwrap_or_else(PoisonError::into_inner) = asked.filter(|_| refuses);
    }
}

impl HttpClient for Client {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let late = |_| Err(format!("no answer within {} s", WITHIN.as_secs()).into());
            let answer = tokio::time::timeout(WITHIN, exchange(client.config.clone(), request)).await.unwrap_or_else(late).map_err(Error::Other)?;
            client.heard(&answer);
            Ok(answer)
        })
    }
}

/// The library takes any text for a URL, and panics over what is none.
fn judge(directory: &str) -> Result<(), Broken> {
    let uri: Uri = directory.parse().map_err(|error| format!("{directory:?} is no URL: {error}"))?;
    if uri.scheme_str() == Some("https") && uri.authority().is_some() { Ok(()) } else { Err(format!("{directory:?} is no https:// URL").into()) }
}

async fn exchange(config: Arc<ClientConfig>, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Broken> {
    let (request, host, port) = addressed(request)?;
    let stream =
        TcpStream::connect((host.trim_matches(['[', ']']), port)).await.map_err(|error| format!("no connection to {host}:{port}: {error}"))?;
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
    let stream = TlsConnector::from(config).connect(name, stream).await.map_err(|error| format!("no TLS with {host}:{port}: {error}"))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // It ends with its answer; what goes wrong before is told by that.
    tokio::spawn(connection);
    Ok(BytesResponse::from(sender.send_request(request).await?))
}

/// The request as it goes over a connection to its host, with that and the port.
fn addressed(mut request: Request<BodyWrapper<Bytes>>) -> Result<(Request<BodyWrapper<Bytes>>, String, u16), Broken> {
    let uri = request.uri().clone();
    let authority = uri.authority().filter(|_| uri.scheme_str() == Some("https")).ok_or_else(|| format!("{uri} is no https:// URL"))?;
    *request.uri_mut() = uri.path_and_query().map_or(Ok(Uri::from_static("/")), |target| target.as_str().parse())?;
    request.headers_mut().insert(header::HOST, HeaderValue::try_from(authority.as_str())?);
    request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok((request, authority.host().to_owned(), authority.port_u16().unwrap_or(443)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_is_refused_before_anything_is_asked() {
        for (directory, good) in [
            ("https://acme.example/directory", true),
            ("https://127.0.0.1:14000/dir", true),
            ("http://acme.example/directory", false),
            ("acme.example", false),
            ("", false),
            ("https://a b/", false),
            ("\u{e4}\n", false),
        ] {
            assert_eq!(judge(directory).is_ok(), good, "{directory:?}");
        }
    }
}
