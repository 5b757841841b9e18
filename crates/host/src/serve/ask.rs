//! Questions: reading bodies, paths and queries, and refusing those that do not fit.

use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use plimsoll_api::wire::piece::Search;
use plimsoll_api::wire::{DigestSecrets, PROTOCOL, PROTOCOL_HEADER, RenewCertificates, RunLog, Stop, Upgrade, path};
use plimsoll_api::{ApprovalQuery, AuditQuery, BackupQuery, CopyQuery, HostError, Look, Open, Order, SchemaQuery};
use plimsoll_model::audit::Deed;
use plimsoll_model::deployment::Failure;
use plimsoll_model::release::ReleaseManifest;
use serde::de::DeserializeOwned;

use super::answer::Refusal;

/// What a body may hold.
pub(super) trait Question: DeserializeOwned {
    /// What it is called.
    const NAME: &str;
    /// Whether it carries secrets: then no part of it is repeated when it cannot be understood.
    const SECRET: bool = false;
}

impl Question for Look {
    const NAME: &str = "a look";
}

impl Question for DigestSecrets {
    const NAME: &str = "secrets";
    const SECRET: bool = true;
}

impl Question for ReleaseManifest {
    const NAME: &str = "a release";
}

impl Question for Open {
    const NAME: &str = "a deployment";
    const SECRET: bool = true;
}

impl Question for Order {
    const NAME: &str = "an order";
}

impl Question for RunLog {
    const NAME: &str = "a log";
    const SECRET: bool = true;
}

impl Question for AuditQuery {
    const NAME: &str = "a question about the audit log";
}

impl Question for Deed {
    const NAME: &str = "an entry of the audit log";
}

impl Question for RenewCertificates {
    const NAME: &str = "a request to renew certificates";
}

impl Question for ApprovalQuery {
    const NAME: &str = "a question about approvals";
}

impl Question for BackupQuery {
    const NAME: &str = "a question about backups";
}

impl Question for CopyQuery {
    const NAME: &str = "a question about copies of backups";
    const SECRET: bool = true;
}

impl Question for SchemaQuery {
    const NAME: &str = "a question about schemas";
}

impl Question for Search {
    const NAME: &str = "pieces of a file";
}

impl Question for Upgrade {
    const NAME: &str = "a request to upgrade";
}

impl Question for Stop {
    const NAME: &str = "a request to stop";
}

/// The body of a request, understood.
pub(super) struct Asked<T>(pub T);

impl<S: Send + Sync, T: Question> FromRequest<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let body = Bytes::from_request(request, state).await.map_err(|error| unfit(error.body_text()))?;
        serde_json::from_slice(&body).map(Self).map_err(|error| unfit(misread::<T>(&error)))
    }
}

/// The name in the path of a request.
pub(super) struct Named<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Path(name) = Path::<T>::from_request_parts(parts, state).await.map_err(|error| unfit(error.body_text()))?;
        Ok(Self(name))
    }
}

/// The query of a request.
pub(super) struct Queried<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Queried<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Query(query) = Query::<T>::from_request_parts(parts, state).await.map_err(|error| unfit(error.body_text()))?;
        Ok(Self(query))
    }
}

/// Answers requests that are not in the table.
pub(super) async fn unknown(request: Request) -> Refusal {
    Refusal(HostError::NotFound(format!("{} {} here", request.method(), request.uri().path())))
}

/// Refuses clients that speak a protocol which came after this daemon.
pub(super) async fn check_protocol(request: Request, next: Next) -> Response {
    match judge_protocol(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => Refusal(error).into_response(),
    }
}

/// Notes what was asked and how it was answered; what bodies and queries hold is nobody's business.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let (method, path, begun) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let response = next.run(request).await;
    tracing::debug!(%method, path, status = response.status().as_u16(), ms = begun.elapsed().as_millis(), "answered");
    response
}

fn judge_protocol(request: &Request) -> Result<(), HostError> {
    let Some(spoken) = request.headers().get(PROTOCOL_HEADER) else { return Ok(()) };
    let spoken = spoken.to_str().ok().and_then(|spoken| spoken.parse::<u32>().ok());
    match spoken.ok_or_else(|| HostError::Unfit(format!("the header {PROTOCOL_HEADER} is not a number")))? {
        version if version > PROTOCOL && ![path::FACTS, path::STOP].contains(&request.uri().path()) => Err(newer(version)),
        _ => Ok(()),
    }
}

fn newer(version: u32) -> HostError {
    let message = format!("the client speaks version {version} of the protocol, and this daemon knows versions up to {PROTOCOL}");
    HostError::Refused(Failure::new("protocol-newer", message).with_help("upgrade plimsoll on this host, or use the version that is there"))
}

fn misread<T: Question>(error: &serde_json::Error) -> String {
    match T::SECRET {
        true => format!("the body is not {}: see line {} column {}", T::NAME, error.line(), error.column()),
        false => format!("the body is not {}: {error}", T::NAME),
    }
}

fn unfit(why: String) -> Refusal {
    Refusal(HostError::Unfit(why))
}
