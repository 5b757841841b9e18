//! Forwarding a request to its slot and the answer back, streaming both ways.
//!
//! The story is here; connections ([`pool`]), what may be said twice ([`exchange`]), bodies on their way out
//! ([`upload`]) and back ([`relay`]), headers ([`headers`]), whom they tell of
//! ([`peer`]) and tunnels ([`tunnel`]) have files of their own.

pub(crate) mod exchange;
pub(crate) mod headers;
pub(crate) mod peer;
pub(crate) mod pool;
pub(crate) mod relay;
#[cfg(test)]
mod tests;
mod tunnel;
pub(crate) mod upload;

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::live::Claim;
use crate::payload::{self, Payload};
use crate::serve::Visitor;
use crate::slot::Slot;
use exchange::{Answer, ForwardError};
use relay::Relay;
use upload::Upload;

/// Asks `slot` and gives back what it answers, or why it does not.
pub(crate) async fn forward(visitor: &Visitor, claim: Claim, slot: &Arc<Slot>, request: Request<Incoming>) -> Response<Payload> {
    match ask(visitor, &claim, slot, request).await {
        Ok((answer, tunnel)) => {
            claim.answered(answer.response.status());
            give_back(visitor, claim, answer, tunnel)
        }
        Err(error) => {
            if error.is_the_clients() {
                tracing::debug!(slot = slot.name, %error, "a request was none");
            } else {
                tracing::warn!(slot = slot.name, address = %slot.address, %error, "a request could not be forwarded");
            }
            let response = payload::text(error.status(), error.told());
            claim.answered(response.status());
            response
        }
    }
}

async fn ask(
    visitor: &Visitor,
    claim: &Claim,
    slot: &Arc<Slot>,
    mut request: Request<Incoming>,
) -> Result<(Answer, Option<hyper::upgrade::OnUpgrade>), ForwardError> {
    let spec = &claim.entry().route.spec;
    let upgrade = headers::upgrade(request.headers());
    let tunnel = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    let request = headers::outgoing(request, &visitor.peer, spec, upgrade)?.map(Upload::new);
    let limit = Duration::from_millis(spec.response_timeout_ms);
    let answer = exchange::exchange(slot.pool(visitor.worker.number), request, limit).await?;
    Ok((answer, tunnel))
}

fn give_back(visitor: &Visitor, claim: Claim, answer: Answer, tunnel: Option<hyper::upgrade::OnUpgrade>) -> Response<Payload> {
    let Answer { mut response, link, pool } = answer;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        let Some(client) = tunnel else { return payload::text(StatusCode::BAD_GATEWAY, "the service changes to a protocol that was not asked for") };
        visitor.worker.tunnels.spawn(tunnel::join(client, hyper::upgrade::on(&mut response), claim));
        return response.map(|_| Payload::empty());
    }
    headers::returning(response.headers_mut());
    response.map(|body| Payload::Relay(Relay::new(body, claim, link, pool)))
}
