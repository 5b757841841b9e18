//! One request and its answer: over a connection that is kept, or a new one, and again when that is safe.
//!
//! A request goes out a second time only if the first surely had no effect: it was never written, or its method
//! may be repeated (RFC 9110, 9.2.2) and it has no body.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::client::conn::TrySendError;

use super::pool::{KEEP, Link, Pool};
use super::upload::Upload;

/// What cannot be repeated goes out only over a connection that was in use so recently that the slot has hardly
/// closed it meanwhile.
const RECENT: Duration = Duration::from_secs(1);

/// Waits between attempts to connect to a slot that refuses, in milliseconds: its program may just be restarting.
const PATIENCE_MS: [u64; 6] = [25, 50, 100, 200, 400, 800];

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    /// No connection.
    #[error("the slot does not accept connections: {0}")]
    Connect(#[source] io::Error),
    /// The client's body broke off, or is none.
    #[error("the client did not send all of its request: {0}")]
    Upload(#[source] hyper::Error),
    /// The connection broke before an answer.
    #[error("the slot did not answer: {0}")]
    Broken(#[source] hyper::Error),
    /// The time is up.
    #[error("the slot did not begin to answer within {} ms", .0.as_millis())]
    Late(Duration),
    /// The request makes no sense once the prefix is off its path.
    #[error("the request's path cannot be forwarded: {0}")]
    Path(#[from] http::Error),
}

impl ForwardError {
    /// Of an exchange that broke: nothing but the body comes from the client.
    fn broken(error: hyper::Error) -> Self {
        if error.is_user() { Self::Upload(error) } else { Self::Broken(error) }
    }

    /// Whether it is the client's doing.
    pub(crate) fn is_the_clients(&self) -> bool {
        matches!(self, Self::Upload(_) | Self::Path(_))
    }

    /// The status that the client gets.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Connect(_) | Self::Broken(_) => StatusCode::BAD_GATEWAY,
            Self::Late(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Upload(_) | Self::Path(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// What the client is told: nothing of the inside.
    pub(crate) fn told(&self) -> &'static str {
        match self {
            Self::Connect(_) | Self::Broken(_) => "the service does not answer",
            Self::Late(_) => "the service does not answer in time",
            Self::Upload(_) | Self::Path(_) => "the request makes no sense",
        }
    }
}

/// An answer, and the connection that its body comes over.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response<Incoming>,
    pub(crate) link: Link,
    pub(crate) pool: Arc<Pool>,
}

/// Sends `request` and waits for the head of the answer, at most `limit` without any progress.
pub(crate) async fn exchange(pool: &Arc<Pool>, mut request: Request<Upload>, limit: Duration) -> Result<Answer, ForwardError> {
    let repeatable = request.method().is_idempotent() && request.body().is_end_stream();
    while let Some(link) = pool.take(if repeatable { KEEP } else { RECENT }) {
        let copy = repeatable.then(|| copy_of(&request));
        match (send(pool, link, request, limit).await, copy) {
            (Ok(answer), _) => return Ok(answer),
            (Err(Failure::Unsent(unsent)), _) => request = *unsent,
            (Err(Failure::Broken(error)), Some(copy)) if !error.is_parse() => {
                tracing::debug!(%error, "a kept connection was closed; the request is repeated over a new one");
                request = copy;
                break;
            }
            (Err(Failure::Broken(error)), _) => return Err(ForwardError::broken(error)),
            (Err(Failure::Late), _) => return Err(ForwardError::Late(limit)),
        }
    }
    Box::pin(over_a_new_connection(pool, request, limit)).await
}

async fn over_a_new_connection(pool: &Arc<Pool>, request: Request<Upload>, limit: Duration) -> Result<Answer, ForwardError> {
    let link = tokio::time::timeout(limit, connect(pool)).await.map_err(|_| ForwardError::Late(limit))?;
    send(pool, link.map_err(ForwardError::Connect)?, request, limit).await.map_err(|failure| match failure {
        Failure::Unsent(_) => ForwardError::Connect(io::ErrorKind::ConnectionReset.into()),
        Failure::Broken(error) => ForwardError::broken(error),
        Failure::Late => ForwardError::Late(limit),
    })
}

async fn connect(pool: &Pool) -> io::Result<Link> {
    for wait in PATIENCE_MS {
        match pool.connect().await {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => tokio::time::sleep(Duration::from_millis(wait)).await,
            other => return other,
        }
    }
    pool.connect().await
}

enum Failure {
    /// Nothing of the request was written.
    Unsent(Box<Request<Upload>>),
    /// It may have been received.
    Broken(hyper::Error),
    /// No progress in time.
    Late,
}

impl From<TrySendError<Request<Upload>>> for Failure {
    fn from(mut error: TrySendError<Request<Upload>>) -> Self {
        match error.take_message() {
            Some(request) => Self::Unsent(Box::new(request)),
            None => Self::Broken(error.into_error()),
        }
    }
}

async fn send(pool: &Arc<Pool>, mut link: Link, request: Request<Upload>, limit: Duration) -> Result<Answer, Failure> {
    let progress = request.body().progress();
    let mut answer = std::pin::pin!(link.try_send_request(request));
    let response = loop {
        let seen = progress.count();
        match tokio::time::timeout(limit, answer.as_mut()).await {
            Ok(answer) => break answer?,
            Err(_) if progress.count() > seen => {}
            Err(_) => return Err(Failure::Late),
        }
    };
    Ok(Answer { response, link, pool: Arc::clone(pool) })
}

fn copy_of(request: &Request<Upload>) -> Request<Upload> {
    let mut copy = Request::new(Upload::none());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}
