//! One connection to a host, opened again when it broke: HTTP/2, many requests at once.

use std::error::Error;
use std::io;
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
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

use crate::ssh::fault::Fault;
use crate::ssh::{End, Road, Try};
use crate::way::{self, Over, Way};

/// How often a host that owes an answer is asked whether it is still there, and how long it may take to say so.
const PING: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(20));

/// How long to wait, when a connection broke, for what `ssh` has to say about it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How much goes in one frame, and how much may be under way before the other side says that it has read it, in bytes: uploads over a
/// fast network else wait for each other's words.
const FRAME: u32 = 256 << 10;
const WINDOW: u32 = 8 << 20;

/// The body of a request.
pub(crate) type Sending = UnsyncBoxBody<Bytes, io::Error>;

/// The connection to a host.
pub(crate) struct Link {
    host: HostName,
    way: Way,
    open: Mutex<Option<Line>>,
    /// Held while the way is opened, so that it is opened once.
    opening: tokio::sync::Mutex<()>,
}

/// An open connection.
#[derive(Clone)]
struct Line {
    sender: SendRequest<Sending>,
    /// How the `ssh` below it ends.
    end: Option<End>,
}

impl Link {
    /// To `host`, this way. Connects when it is used.
    pub fn new(host: HostName, way: Way) -> Self {
        Self { host, way, open: Mutex::new(None), opening: tokio::sync::Mutex::new(()) }
    }

    /// The host.
    pub fn host(&self) -> &HostName {
        &self.host
    }

    /// The way.
    pub fn way(&self) -> &Way {
        &self.way
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
        let answer = match response.into_body().collect().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.broken(words(&error)).await),
        };
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

    /// Speaks over a socket that is open already.
    pub async fn begin(&self, stream: UnixStream) -> Result<(), HostError> {
        match shake_hands(stream).await {
            Ok(sender) => {
                self.keep(Line { sender, end: None });
                Ok(())
            }
            Err(error) => Err(self.broken(words(&error)).await),
        }
    }

    /// The connection broke: whether the host did anything is not known.
    pub async fn broken(&self, why: String) -> HostError {
        let end = self.line().and_then(|line| line.end);
        if let Some(end) = end
            && let Ok(ended) = tokio::time::timeout(LAST_WORDS, end.wait()).await
        {
            return Fault::judge(&ended).midway().on(&self.host);
        }
        let help = "run the command again: it settles what was cut off; the daemon's own log tells why it ended";
        HostError::unreachable(self.host.clone(), why, help)
    }

    /// The host says what cannot be understood here.
    pub fn makes_no_sense(&self, error: &(dyn Error + 'static)) -> HostError {
        let message = format!("{} answers what cannot be understood: {}", self.host, words(error));
        HostError::Internal(Failure::new("answer-unreadable", message).with_help("use the same version of plimsoll on both sides"))
    }

    async fn deliver(&self, mut request: Request<Sending>) -> Result<Response<Incoming>, HostError> {
        if let Some(mut line) = self.line() {
            match line.sender.try_send_request(request).await {
                Ok(response) => return Ok(response),
                // Only what surely did not leave here is sent again.
                Err(mut failed) => match failed.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(self.broken(words(failed.error())).await),
                },
            }
            self.forget();
        }
        let mut line = self.opened().await?;
        match line.sender.send_request(request).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.broken(words(&error)).await),
        }
    }

    /// An open connection: the one that is there, or else a new one.
    async fn opened(&self) -> Result<Line, HostError> {
        let _one = self.opening.lock().await;
        if let Some(line) = self.line().filter(|line| line.sender.is_ready()) {
            return Ok(line);
        }
        let line = match &self.way {
            Way::Ssh(road) => road.tried(|how| over(road, how)).await.map_err(|fault| fault.on(&self.host))?,
            way => match shake_hands(way.connect(&self.host).await?).await {
                Ok(sender) => Line { sender, end: None },
                Err(error) => return Err(self.broken(words(&error)).await),
            },
        };
        self.keep(line.clone());
        Ok(line)
    }

    fn keep(&self, line: Line) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(line);
    }

    fn forget(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn line(&self) -> Option<Line> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn refusal(&self, response: Response<Incoming>) -> HostError {
        match response.into_body().collect().await {
            Ok(answer) => serde_json::from_slice(&answer.to_bytes()).unwrap_or_else(|error| self.makes_no_sense(&error)),
            Err(error) => self.broken(words(&error)).await,
        }
    }
}

/// Speaks HTTP/2 over a stream.
async fn shake_hands(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> hyper::Result<SendRequest<Sending>> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.timer(TokioTimer::new()).keep_alive_interval(PING.0).keep_alive_timeout(PING.1);
    builder.max_frame_size(FRAME).initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW).max_send_buf_size(1 << 20);
    let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // What ends a connection is told to the requests that are under way on it.
        let _ = connection.await;
    });
    Ok(sender)
}

/// Speaks over an `ssh` that is started for it.
async fn over(road: &Road, how: Try) -> Result<Line, Fault> {
    let Over { streams, heard, end } = Over::start(road, how).await?;
    let Ok(sender) = shake_hands(streams).await else { return Err(Fault::judge(&end.wait().await)) };
    way::up(heard, &end, how).await?;
    Ok(Line { sender, end: Some(end) })
}

/// An empty body.
pub(crate) fn nothing() -> Sending {
    Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync()
}

/// An error with what caused it.
pub(crate) fn words(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
