//! Answers that last: one line of JSON for each thing that happens.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderValue, header};
use plimsoll_api::wire::{LogsLine, OrderLine};
use plimsoll_api::{HostError, HostEvent, LogLine, LogQuery, Order, Report};
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::Failure;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::Desk;

/// How many lines of logs may wait for a slow client.
const WAITING: usize = 256;

/// Carries out an order and tells what happens. The order goes on when nobody listens any more.
pub(super) fn order(desk: &Desk, id: DeploymentId, order: Order) -> Response {
    let (events, happened) = mpsc::unbounded_channel();
    let api = desk.api.clone();
    let work = desk.orders.spawn(async move { api.order(&id, order, events).await });
    response(stream::unfold(Some((happened, work)), next_of_order))
}

/// Tells what slots write, until that is all, the client is gone, or the daemon ends.
pub(super) fn logs(desk: &Desk, query: LogQuery) -> Response {
    let (written, lines) = mpsc::channel(WAITING);
    let api = desk.api.clone();
    let work = AbortOnDropHandle::new(tokio::spawn(async move { api.logs(query, written).await }));
    let lines = stream::unfold(Some((lines, work)), next_of_logs);
    response(lines.take_until(desk.end.clone().cancelled_owned()))
}

type Orders = (mpsc::UnboundedReceiver<HostEvent>, JoinHandle<Result<Report, HostError>>);

async fn next_of_order(state: Option<Orders>) -> Option<(OrderLine, Option<Orders>)> {
    let (mut happened, mut work) = state?;
    tokio::select! {
        // What happened before the end is told before the end.
        biased;
        Some(event) = happened.recv() => Some((OrderLine::Event(event), Some((happened, work)))),
        outcome = &mut work => Some((outcome.unwrap_or_else(|_| Err(broken("an order"))).map_or_else(OrderLine::Error, OrderLine::Report), None)),
    }
}

type Logs = (mpsc::Receiver<LogLine>, AbortOnDropHandle<Result<(), HostError>>);

async fn next_of_logs(state: Option<Logs>) -> Option<(LogsLine, Option<Logs>)> {
    let (mut lines, mut work) = state?;
    tokio::select! {
        biased;
        Some(line) = lines.recv() => Some((LogsLine::Line(line), Some((lines, work)))),
        outcome = &mut work => Some((outcome.unwrap_or_else(|_| Err(broken("reading logs"))).map_or_else(LogsLine::Error, |()| LogsLine::End), None)),
    }
}

fn broken(what: &str) -> HostError {
    let failure = Failure::new("bug", format!("the daemon broke off {what}: this is a bug in Plimsoll"));
    HostError::Internal(failure.with_help("the daemon's log says where; please report it"))
}

fn response<T: Serialize + Send + 'static>(lines: impl Stream<Item = T> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(lines.map(|line| encode(&line))));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response
}

fn encode<T: Serialize>(line: &T) -> Result<Bytes, serde_json::Error> {
    let mut bytes = serde_json::to_vec(line)?;
    bytes.push(b'\n');
    Ok(bytes.into())
}
