//! The end of the control socket that the daemon holds.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use plimsoll_model::route::RouteTable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;

use super::wire::{self, Drain, Refusal};
use super::{ControlError, Drained, Status};

/// How long an answer may take. One that does not come is as good as no proxy.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a proxy that gives its place to another one is asked again. The socket is the same, and the other one is behind it.
const AGAIN: usize = 3;

/// Tells a proxy what to do. Cheap to make: it connects for each call.
#[derive(Debug, Clone)]
pub struct Client {
    socket: PathBuf,
}

impl Client {
    /// For the proxy that listens at `socket`, the `proxy.sock` in its folder.
    #[must_use]
    pub fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// Makes `table` the one in force, durably. Requests that come after the answer see it.
    ///
    /// # Errors
    /// The table is refused, and the one before it is served unchanged; or the proxy does not answer.
    pub async fn put(&self, table: &RouteTable) -> Result<(), ControlError> {
        let secure = table.routes.iter().any(|route| route.spec.tls.is_some());
        self.call(Method::PUT, if secure { wire::TABLE_WITH_TLS } else { wire::TABLE }, Some(table), PATIENCE).await
    }

    /// The table in force.
    ///
    /// # Errors
    /// The proxy does not answer.
    pub async fn table(&self) -> Result<RouteTable, ControlError> {
        self.call(Method::GET, wire::TABLE, None::<&()>, PATIENCE).await
    }

    /// Waits until nothing is in flight to `slot`, at most `timeout_ms` milliseconds. A slot that the proxy does not
    /// know is idle.
    ///
    /// # Errors
    /// A route still leads to the slot; or the proxy does not answer.
    pub async fn drain(&self, slot: &str, timeout_ms: u64) -> Result<Drained, ControlError> {
        let patience = PATIENCE.saturating_add(Duration::from_millis(timeout_ms));
        self.call(Method::POST, wire::DRAIN, Some(&Drain { slot: slot.to_owned(), timeout_ms }), patience).await
    }

    /// What is served, and what goes through it.
    ///
    /// # Errors
    /// The proxy does not answer.
    pub async fn status(&self) -> Result<Status, ControlError> {
        self.call(Method::GET, wire::STATUS, None::<&()>, PATIENCE).await
    }

    /// Asks the proxy to stop as on `SIGTERM`; answers when it has begun to.
    ///
    /// # Errors
    /// The proxy does not answer.
    pub async fn stop(&self) -> Result<(), ControlError> {
        self.call(Method::POST, wire::STOP, None::<&()>, PATIENCE).await
    }

    async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        question: Option<&Q>,
        patience: Duration,
    ) -> Result<A, ControlError> {
        let body = match question {
            Some(question) => Bytes::from(serde_json::to_vec(question).map_err(|error| self.makes_no_sense(error))?),
            None => Bytes::new(),
        };
        let mut answer = Err(ControlError::Retired {});
        for _ in 0..AGAIN {
            let asked = tokio::time::timeout(patience, self.ask(&method, path, body.clone()));
            answer = asked.await.unwrap_or_else(|_| Err(self.unreachable(format!("no answer within {} ms", patience.as_millis()))));
            if !matches!(answer, Err(ControlError::Retired {})) {
                break;
            }
        }
        serde_json::from_slice(&answer?).map_err(|error| self.makes_no_sense(error))
    }

    /// What is answered, or why it was refused.
    async fn ask(&self, method: &Method, path: &str, body: Bytes) -> Result<Bytes, ControlError> {
        let request = Request::builder().method(method).uri(path).header(http::header::HOST, "proxy").body(Full::from(body));
        let (status, answer) = self.exchange(request.map_err(|error| self.makes_no_sense(error))?).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let refusal: Refusal = serde_json::from_slice(&answer).map_err(|error| self.makes_no_sense(error))?;
        Err(refusal.error)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), ControlError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.unreachable(error))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| self.unreachable(error))?;
        let exchange = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            Ok((status, answer.into_body().collect().await?.to_bytes()))
        };
        let mut connection = std::pin::pin!(connection);
        let mut exchange = std::pin::pin!(exchange);
        let ended: Result<_, hyper::Error> = tokio::select! {
            ended = &mut exchange => ended,
            Err(error) = &mut connection => Err(error),
        };
        ended.map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, error: impl std::fmt::Display) -> ControlError {
        ControlError::Unreachable { socket: self.socket.display().to_string(), reason: error.to_string() }
    }

    fn makes_no_sense(&self, error: impl std::fmt::Display) -> ControlError {
        ControlError::Answer { socket: self.socket.display().to_string(), reason: error.to_string() }
    }
}
