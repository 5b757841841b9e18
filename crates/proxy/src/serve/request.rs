//! One request: find its route, claim it, and hand it to what answers.

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;

use super::fault;
use super::worker::Worker;
use crate::forward;
use crate::forward::headers;
use crate::forward::peer::Peer;
use crate::live::{Claim, Target, Unrouted};
use crate::payload::{self, Payload};
use crate::tls::plain;
use crate::{site, status};

/// Who asks, and where.
#[derive(Debug)]
pub(crate) struct Visitor {
    /// The thread that serves the connection.
    pub(crate) worker: Arc<Worker>,
    /// The port it came to.
    pub(crate) port: u16,
    /// The other end of the connection.
    pub(crate) peer: Peer,
}

/// Answers `request`.
pub(crate) async fn answer(visitor: &Visitor, request: Request<Incoming>) -> Response<Payload> {
    let version = request.version();
    let (mut response, close) = match fault::find(&request) {
        None => (route(visitor, request).await, visitor.worker.ending.has_begun()),
        // Where such a request ends is for nobody to say.
        Some(fault) => (payload::text(fault.status, fault.told), true),
    };
    let is_upgrade = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if version != Version::HTTP_2 && !is_upgrade && close {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

async fn route(visitor: &Visitor, request: Request<Incoming>) -> Response<Payload> {
    if request.method() == Method::CONNECT {
        return payload::text(StatusCode::NOT_IMPLEMENTED, "this proxy makes no tunnels to elsewhere");
    }
    let claim = visitor.worker.live.claim(visitor.port, headers::authority(&request), request.uri().path());
    let claim = match claim {
        Ok(claim) => claim,
        Err(Unrouted::Nothing) => return payload::text(StatusCode::NOT_FOUND, "nothing is deployed here"),
        Err(Unrouted::Lost) => return payload::text(StatusCode::SERVICE_UNAVAILABLE, "what is deployed here is not known at the moment"),
    };
    let entry = Arc::clone(claim.entry());
    if entry.secured.is_some()
        && !visitor.peer.is_secure()
        && let Some(response) = plain::answer(&entry.route.spec, visitor.port, &request)
    {
        return count(&claim, response);
    }
    if let Some(question) = status::question(&entry.route.spec, request.uri().path()) {
        let local = visitor.peer.is_local(request.headers());
        // On the heap, as all that is rare: a future is as large as the largest thing it may wait for.
        return count(&claim, Box::pin(status::answer(&entry, question, local, request.method())).await);
    }
    let mut response = match &entry.target {
        Target::Slot(slot) => forward::forward(visitor, claim, slot, request).await,
        Target::Site(site) => {
            let mut response = count(&claim, site::respond(site, &entry.route.spec, &request));
            response.body_mut().hold(claim);
            response
        }
    };
    if let Some(secured) = entry.secured.as_ref().filter(|_| visitor.peer.is_secure()) {
        // What the service itself says of it counts.
        response.headers_mut().entry(header::STRICT_TRANSPORT_SECURITY).or_insert_with(|| secured.hsts.clone());
    }
    response
}

fn count(claim: &Claim, response: Response<Payload>) -> Response<Payload> {
    claim.answered(response.status());
    response
}
