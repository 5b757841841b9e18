//! Requests to a store, tried again when it is busy or breaks off.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use crate::error::Why;

/// How often a request is tried, and how long it is waited before the second one; before the next one four times as long.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(250);
/// How long a store may take to answer, and to go on with an answer. It is long enough for a part to be sent by a slow line.
const WITHIN: Duration = Duration::from_secs(180);
/// How much of an answer that refuses is read, in bytes.
const REFUSAL_BYTES: usize = 16 << 10;

/// Asks a store.
pub(crate) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// What is asked.
pub(crate) struct Ask<'a> {
    pub method: Method,
    pub url: &'a str,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Http {
    /// Believes what this machine believes.
    pub fn new() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let builder = ClientConfig::builder_with_provider(plimsoll_certificate::provider()).with_safe_default_protocol_versions();
        let config = builder.expect("ring speaks TLS 1.2 and 1.3").with_root_certificates(roots).with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build();
        Self { client: Client::builder(TokioExecutor::new()).build(connector) }
    }

    /// The answer to what is asked, if it is one of success. What may pass is tried again.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<Response<Incoming>, Why> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.once(ask).await {
                Err(Why::Unreachable(_)) => tokio::time::sleep(pause).await,
                ended => return ended,
            }
            pause *= 4;
        }
        self.once(ask).await
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Response<Incoming>, Why> {
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(ask.url)
            .body(Full::new(ask.body.clone()))
            .map_err(|error| Why::Other(error.to_string()))?;
        request.headers_mut().extend(ask.headers.clone());
        let late = |_| Why::Unreachable(format!("no answer within {} s", WITHIN.as_secs()));
        let answer = tokio::time::timeout(WITHIN, self.client.request(request)).await.map_err(late)?.map_err(|error| unreachable(&error))?;
        if answer.status().is_success() { Ok(answer) } else { Err(refusal(answer).await) }
    }
}

/// The next piece of an answer; nothing at its end.
pub(crate) async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Why> {
    let late = |_| Why::Unreachable(format!("nothing more came for {} s", WITHIN.as_secs()));
    match tokio::time::timeout(WITHIN, body.frame()).await.map_err(late)? {
        None => Ok(None),
        Some(frame) => Ok(Some(frame.map_err(|error| unreachable(&error))?.into_data().unwrap_or_default())),
    }
}

/// All of an answer that is short.
pub(crate) async fn text(mut answer: Response<Incoming>, limit: usize) -> Result<String, Why> {
    let mut text = Vec::new();
    while let Some(piece) = next(answer.body_mut()).await? {
        if text.len() + piece.len() > limit {
            return Err(Why::Other(format!("it answered with more than {limit} bytes")));
        }
        text.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The causes say more than the error.
fn unreachable(error: &dyn std::error::Error) -> Why {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    Why::Unreachable(message)
}

async fn refusal(answer: Response<Incoming>) -> Why {
    let status = answer.status();
    let said = text(answer, REFUSAL_BYTES).await.unwrap_or_default();
    let message = match (element(&said, "Code"), element(&said, "Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        _ => status.to_string(),
    };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Why::Denied(message),
        StatusCode::NOT_FOUND => Why::Missing(message),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Why::Unreachable(message),
        status if status.is_server_error() => Why::Unreachable(message),
        _ => Why::Other(message),
    }
}

/// What stands in the first element of this name.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}
