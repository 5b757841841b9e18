//! Headers between client and slot: what belongs to one connection only is taken off (RFC 9110, 7.6.1), and the
//! slot is told whom it answers.

use std::net::IpAddr;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Uri, Version};
use plimsoll_model::route::RouteSpec;

use crate::table::behind;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");

/// The host that a request is for, port and all: from its target (HTTP/2, absolute form) or else its `Host`.
pub(crate) fn authority<B>(request: &Request<B>) -> Option<&str> {
    match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(header::HOST).and_then(|host| host.to_str().ok()),
    }
}

/// The protocol that a request asks to change to.
pub(crate) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let asks = headers.get_all(header::CONNECTION).iter().flat_map(tokens).any(|token| token.eq_ignore_ascii_case("upgrade"));
    headers.get(header::UPGRADE).filter(|_| asks).cloned()
}

/// Whether a request came from this machine itself and not through another proxy on it.
pub(crate) fn is_local(peer: IpAddr, headers: &HeaderMap) -> bool {
    peer.to_canonical().is_loopback() && !headers.contains_key(&FORWARDED_FOR) && !headers.contains_key(header::FORWARDED)
}

/// The request as the slot gets it.
pub(crate) fn outgoing<B>(request: Request<B>, peer: IpAddr, spec: &RouteSpec, upgrade: Option<HeaderValue>) -> http::Result<Request<B>> {
    let host = authority(&request).and_then(|authority| HeaderValue::from_str(authority).ok());
    let (mut parts, body) = request.into_parts();
    let headers = &mut parts.headers;
    remove_hop_by_hop(headers);
    // The client was told to go on when its body was first asked for.
    headers.remove(header::EXPECT);
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
    tell_of_client(headers, peer, host.as_ref());
    if let Some(host) = host {
        headers.insert(header::HOST, host);
    }
    if spec.strip_prefix && spec.matches.path != "/" {
        headers.insert(FORWARDED_PREFIX, HeaderValue::from_str(spec.matches.path.trim_end_matches('/'))?);
    }
    parts.uri = target(&parts.uri, spec)?;
    parts.version = Version::HTTP_11;
    Ok(Request::from_parts(parts, body))
}

/// Takes off an answer what was between slot and proxy only.
pub(crate) fn returning(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
}

/// Path and query for the slot: without host, and without the prefix where it is to be taken off.
fn target(uri: &Uri, spec: &RouteSpec) -> http::Result<Uri> {
    let whole = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    let rest = if spec.strip_prefix { behind(uri.path(), &spec.matches.path) } else { None };
    match rest {
        Some(rest) => {
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            let rest = if rest.is_empty() { "/" } else { rest };
            Ok(format!("{rest}{query}").parse()?)
        }
        None if uri.authority().is_some() => Ok(whole.parse()?),
        None => Ok(uri.clone()),
    }
}

/// Only another proxy on this machine is believed what it says of the client; from elsewhere anyone could say it.
fn tell_of_client(headers: &mut HeaderMap, peer: IpAddr, host: Option<&HeaderValue>) {
    let peer = peer.to_canonical();
    let believed = peer.is_loopback();
    let before = headers.get(&FORWARDED_FOR).filter(|_| believed).and_then(|value| value.to_str().ok());
    let chain = before.map_or_else(|| peer.to_string(), |before| format!("{before}, {peer}"));
    if let Ok(chain) = HeaderValue::from_str(&chain) {
        headers.insert(FORWARDED_FOR, chain);
    }
    if !believed || !headers.contains_key(&FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    }
    if !believed {
        headers.remove(header::FORWARDED);
        headers.remove(&FORWARDED_PREFIX);
    }
    match host {
        Some(host) if !believed || !headers.contains_key(&FORWARDED_HOST) => drop(headers.insert(FORWARDED_HOST, host.clone())),
        None if !believed => drop(headers.remove(&FORWARDED_HOST)),
        _ => {}
    }
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let trailers = headers.get_all(header::TE).iter().flat_map(tokens).any(|token| token.eq_ignore_ascii_case("trailers"));
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = headers.get_all(header::CONNECTION).iter().flat_map(tokens).filter_map(|token| token.parse().ok()).collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in [header::CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, header::TE, header::TRANSFER_ENCODING, header::UPGRADE] {
        headers.remove(name);
    }
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim).filter(|token| !token.is_empty())
}
