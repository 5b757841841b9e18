//! The end of the control socket that the proxy holds. Decides nothing: it reads, asks, and writes the answer.

use std::convert::Infallible;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{fs, io};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use plimsoll_model::route::RouteTable;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::wire::{self, Drain, Refusal};
use super::{ControlError, Drained, retired};
use crate::switchboard::Switchboard;

/// More than any table needs, in bytes.
const MAX_QUESTION: usize = 16 << 20;

/// What the proxy is to whoever speaks at a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that serves, to the daemon.
    Serves,
    /// One that finishes what it has begun, to the one that took its place.
    Retired,
}

/// Whom the socket speaks for.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    /// Knows and changes what is served.
    pub(crate) board: Arc<Mutex<Switchboard>>,
    /// Where the proxy is at home, and those are whose place it took.
    pub(crate) folder: Arc<Path>,
    /// Who speaks at the socket.
    pub(crate) role: Role,
    /// Stops what is served at the socket.
    pub(crate) stop: CancellationToken,
    /// Counts conversations, so that none is cut off by the end of the process.
    pub(crate) talks: TaskTracker,
}

impl Desk {
    /// The board. It is not to be kept across an `await`.
    pub(crate) fn board(&self) -> MutexGuard<'_, Switchboard> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, once the proxy has given its place to another one.
    pub(crate) fn retired(&self) -> Self {
        Self { role: Role::Retired, stop: CancellationToken::new(), ..self.clone() }
    }

    /// Lets conversations under way end, for a moment.
    pub(crate) async fn finish(&self) {
        self.talks.close();
        if tokio::time::timeout(Duration::from_secs(1), self.talks.wait()).await.is_err() {
            tracing::debug!("a control conversation is cut off");
        }
    }
}

/// Opens the control socket at `path`, for its owner only. A socket that is left there from before gives way.
pub(crate) fn open(path: &Path) -> io::Result<UnixListener> {
    let temp = path.with_extension("new");
    match fs::remove_file(&temp) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&temp)?;
    fs::set_permissions(&temp, fs::Permissions::from_mode(0o600))?;
    fs::rename(&temp, path)?;
    Ok(listener)
}

/// Answers at `listener` until the proxy is to stop.
pub(crate) async fn serve(listener: UnixListener, desk: Desk) {
    loop {
        tokio::select! {
            () = desk.stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(desk.talks.spawn(talk(stream, desk.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "the control socket does not accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
        }
    }
}

async fn talk(stream: UnixStream, desk: Desk) {
    let service = service_fn(move |request| {
        let desk = desk.clone();
        async move { Ok::<_, Infallible>(answer(&desk, request).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a control connection broke");
    }
}

async fn answer(desk: &Desk, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    match (&parts.method, parts.uri.path()) {
        (&Method::GET, wire::TABLE) => json(Ok(&desk.board().snapshot().table)),
        (&Method::PUT, wire::TABLE | wire::TABLE_WITH_TLS) => json(put(desk, read(&parts, body).await).await),
        (&Method::POST, wire::DRAIN) => json(drain(desk, read(&parts, body).await).await),
        (&Method::GET, wire::STATUS) => json(Ok(desk.board().status())),
        (&Method::POST, wire::STOP) => {
            desk.stop.cancel();
            json(Ok(()))
        }
        _ => json::<()>(Err(unknown(&parts, "it knows no such request"))),
    }
}

/// When it returns, no proxy of the folder leads a new request elsewhere than `table` says.
async fn put(desk: &Desk, table: Result<RouteTable, ControlError>) -> Result<(), ControlError> {
    let table = table?;
    match desk.role {
        Role::Retired => desk.board().follow(table),
        Role::Serves => {
            desk.board().put(table.clone())?;
            retired::follow(&desk.folder, &table).await;
            Ok(())
        }
    }
}

async fn drain(desk: &Desk, question: Result<Drain, ControlError>) -> Result<Drained, ControlError> {
    let Drain { slot, timeout_ms } = question?;
    let traffic = desk.board().traffic_of(&slot)?;
    let here = async {
        match traffic {
            Some(traffic) => traffic.drained(Duration::from_millis(timeout_ms)).await,
            None => 0,
        }
    };
    let there = async { if desk.role == Role::Serves { retired::drained(&desk.folder, &slot, timeout_ms).await } else { 0 } };
    let (here, there) = tokio::join!(here, there);
    Ok(Drained { remaining: here + there })
}

async fn read<Q: DeserializeOwned>(parts: &http::request::Parts, body: Incoming) -> Result<Q, ControlError> {
    let text = Limited::new(body, MAX_QUESTION).collect().await.map_err(|error| unknown(parts, error))?.to_bytes();
    serde_json::from_slice(&text).map_err(|error| unknown(parts, error))
}

fn unknown(parts: &http::request::Parts, reason: impl std::fmt::Display) -> ControlError {
    ControlError::Request { request: format!("{} {}", parts.method, parts.uri.path()), reason: reason.to_string() }
}

fn json<A: Serialize>(answer: Result<A, ControlError>) -> Response<Full<Bytes>> {
    let (status, text) = match answer {
        Ok(answer) => (StatusCode::OK, serde_json::to_vec(&answer)),
        Err(error) => (StatusCode::CONFLICT, serde_json::to_vec(&Refusal::from(error))),
    };
    let mut response = Response::new(Full::from(text.expect("answers are plain data")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}
