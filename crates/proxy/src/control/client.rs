//! The end of the control socket that the daemon holds.

use std::path::PathBuf;

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
        self.call(Method::PUT, wire::TABLE, Some(table)).await
    }

    /// The table in force.
    ///
    /// # Errors
    /// The proxy does not answer.
    pub async fn table(&self) -> Result<RouteTable, ControlError> {
        self.call(Method::GET, wire::TABLE, None::<&()>).await
    }

    /// Waits until nothing is in flight to `slot`, at most `timeout_ms` milliseconds. A slot that the proxy does not
    /// know is idle.
    ///
    /// # Errors
    /// A route still leads to the slot; or the proxy does not answer.
    pub async fn drain(&self, slot: &str, timeout_ms: u64) -> Result<Drained, ControlError> {
        self.call(Method::POST, wire::DRAIN, Some(&Drain { slot: slot.to_owned(), timeout_ms })).await
    }

    /// What is served, and what goes through it.
    ///
    /// # Errors
    /// The proxy does not answer.
    pub async fn status(&self) -> Result<Status, ControlError> {
        self.call(Method::GET, wire::STATUS, None::<&()>).await
    }

    /// Asks the proxy to stop as on `SIGTERM`; answers when it has begun to.
    ///
    /// # Errors
    /// The proxy does not answer.
    pub async fn stop(&self) -> Result<(), ControlError> {
        self.call(Method::POST, wire::STOP, None::<&()>).await
    }

    async fn call<Q: Serialize, A: DeserializeOwned>(&self, method: Method, path: &str, question: Option<&Q>) -> Result<A, ControlError> {
        let body = match question {
            Some(question) => serde_json::to_vec(question).map_err(|error| self.makes_no_sense(error))?,
            None => Vec::new(),
        };
        let request = Request::builder().method(method).uri(path).header(http::header::HOST, "proxy").body(Full::from(body));
        let (status, answer) = self.exchange(request.map_err(|error| self.makes_no_sense(error))?).await?;
        if status.is_success() {
            return serde_json::from_slice(&answer).map_err(|error| self.makes_no_sense(error));
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
