//! One connection to a host, opened again when it broke: HTTP/2, many requests at once.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use plimsoll_api::HostError;
use plimsoll_api::wire::{PROTOCOL, PROTOCOL_HEADER};
use plimsoll_model::HostName;
use plimsoll_model::deployment::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use crate::{ConnectError, Daemon, socket};

/// How often a host that owes an answer is asked whether it is still there, and how long it may take to say so.
const PING: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(20));

/// The body of a request.
pub(crate) type Sending = UnsyncBoxBody<Bytes, io::Error>;

/// The way to a host.
pub(crate) struct Link {
    host: HostName,
    socket: PathBuf,
    /// Whom to start again when nobody listens any more.
    daemon: Option<Daemon>,
    open: Mutex<Option<SendRequest<Sending>>>,
}

impl Link {
    /// To the daemon that listens at `socket`. Connects when it is used.
    pub fn new(host: HostName, socket: PathBuf) -> Self {
        Self { host, socket, daemon: None, open: Mutex::new(None) }
    }

    /// To a daemon of this machine, which is started again when it ended.
    pub fn kept(daemon: Daemon) -> Self {
        Self { daemon: Some(daemon.clone()), ..Self::new(HostName::local(), daemon.socket()) }
    }

    /// The host.
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// The socket.
    pub fn socket(&self) -> &PathBuf {
        &self.socket
    }

    /// Asks with a value and reads the answer whole.
    pub async fn ask<A: DeserializeOwned>(&self, method: Method, path: &str, question: &impl Serialize) -> Result<A, HostError> {
        self.exchange(method, path, self.json(question)?).await
    }

    /// Asks with a path alone.
    pub async fn get<A: DeserializeOwned>(&self, path: &str) -> Result<A, HostError> {
        self.exchange(Method::GET, path, nothing()).await
    }

    /// Sends a body and reads the answer whole.
    pub async fn exchange<A: DeserializeOwned>(&self, method: Method, path: &str, body: Sending) -> Result<A, HostError> {
        let response = self.send(method, path, body).await?;
        let answer = response.into_body().collect().await.map_err(|error| self.broken(&error))?;
        serde_json::from_slice(&answer.to_bytes()).map_err(|error| self.makes_no_sense(&error))
    }

    /// Sends a body and returns when the host begins to answer that it does what it was asked.
    pub async fn send(&self, method: Method, path: &str, body: Sending) -> Result<Response<Incoming>, HostError> {
        // The authority is there for form's sake: there is one daemon behind a socket.
        let request = Request::builder()
            .method(method)
            .uri(format!("http://host{path}"))
            .header(PROTOCOL_HEADER, PROTOCOL)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|error| self.makes_no_sense(&error))?;
        let response = self.deliver(request).await?;
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(response).await) }
    }

    /// A value as a body.
    pub fn json(&self, value: &impl Serialize) -> Result<Sending, HostError> {
        let bytes = serde_json::to_vec(value).map_err(|error| self.makes_no_sense(&error))?;
        Ok(Full::new(Bytes::from(bytes)).map_err(|never| match never {}).boxed_unsync())
    }

    /// Speaks over a stream that is open already.
    pub async fn begin(&self, stream: UnixStream) -> Result<SendRequest<Sending>, HostError> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.timer(TokioTimer::new()).keep_alive_interval(PING.0).keep_alive_timeout(PING.1);
        let (open, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| self.broken(&error))?;
        tokio::spawn(async move {
            // What ends a connection is told to the requests that are under way on it.
            let _ = connection.await;
        });
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(open.clone());
        Ok(open)
    }

    /// The connection broke: whether the host did anything is not known.
    pub fn broken(&self, error: &(dyn Error + 'static)) -> HostError {
        self.unreachable(words(error), "run the command again: it settles what was cut off; the daemon's own log tells why it ended")
    }

    /// The host says what cannot be understood here.
    pub fn makes_no_sense(&self, error: &(dyn Error + 'static)) -> HostError {
        let message = format!("{} answers what cannot be understood: {}", self.host, words(error));
        HostError::Internal(Failure::new("answer-unreadable", message).with_help("use the same version of plimsoll on both sides"))
    }

    async fn deliver(&self, mut request: Request<Sending>) -> Result<Response<Incoming>, HostError> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(mut open) = open {
            match open.try_send_request(request).await {
                Ok(response) => return Ok(response),
                // Only what surely did not leave here is sent again.
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(self.broken(failed.error())),
                },
            }
        }
        self.dial().await?.send_request(request).await.map_err(|error| self.broken(&error))
    }

    async fn dial(&self) -> Result<SendRequest<Sending>, HostError> {
        let stream = match (socket::connect(&self.socket).await, &self.daemon) {
            (Err(error), Some(daemon)) if socket::nobody_there(&error) => {
                let why = |error: ConnectError| self.unreachable(error.to_string(), "see its log; or start it by hand: plimsoll host serve");
                daemon.start_again().await.map_err(why)?
            }
            (stream, _) => stream.map_err(|error| self.no_way(&error))?,
        };
        self.begin(stream).await
    }

    async fn refusal(&self, response: Response<Incoming>) -> HostError {
        match response.into_body().collect().await {
            Ok(answer) => serde_json::from_slice(&answer.to_bytes()).unwrap_or_else(|error| self.makes_no_sense(&error)),
            Err(error) => self.broken(&error),
        }
    }

    fn no_way(&self, error: &io::Error) -> HostError {
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied => "only the user that the daemon runs as may connect to it: use that login",
            _ => "see that its daemon runs: plimsoll host serve",
        };
        self.unreachable(format!("cannot connect to {}: {error}", self.socket.display()), help)
    }

    fn unreachable(&self, why: String, help: &str) -> HostError {
        HostError::Unreachable { host: self.host.clone(), why, help: help.into() }
    }
}

/// An empty body.
pub(crate) fn nothing() -> Sending {
    Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync()
}

/// An error with what caused it.
fn words(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
