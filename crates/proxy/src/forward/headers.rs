//! Headers between client and slot: what belongs to one connection only is taken off (RFC 9110, 7.6.1), and the
//! slot is told whom it answers.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Uri, Version};
use plimsoll_model::route::RouteSpec;

use super::peer::Peer;
use crate::table::behind;

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PREFIX: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const HTTP2_SETTINGS: HeaderName = HeaderName::from_static("http2-settings");

/// What belongs to one connection only, named by `Connection` or not.
static HOP_BY_HOP: [HeaderName; 7] =
    [header::CONNECTION, KEEP_ALIVE, PROXY_CONNECTION, HTTP2_SETTINGS, header::TE, header::TRANSFER_ENCODING, header::UPGRADE];

/// The host that a request is for, port and all: from its target (HTTP/2, absolute form) or else its `Host`.
pub(crate) fn authority<B>(request: &Request<B>) -> Option<&str> {
    match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => request.headers().get(header::HOST).and_then(|host| host.to_str().ok()),
    }
}

/// The protocol that a request asks to change to. HTTP/2 is none: what is asked within it would pass us by.
pub(crate) fn upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let asks = headers.get_all(header::CONNECTION).iter().flat_map(tokens).any(|token| token.eq_ignore_ascii_case("upgrade"));
    let is_http =
        |protocol: &HeaderValue| tokens(protocol).any(|token| token.eq_ignore_ascii_case("h2c") || token.to_ascii_lowercase().starts_with("http/"));
    headers.get(header::UPGRADE).filter(|protocol| asks && !is_http(protocol)).cloned()
}

/// The request as the slot gets it.
pub(crate) fn outgoing<B>(request: Request<B>, peer: &Peer, spec: &RouteSpec, upgrade: Option<HeaderValue>) -> http::Result<Request<B>> {
    let host = authority(&request).and_then(|authority| HeaderValue::from_str(authority).ok());
    let (mut parts, body) = request.into_parts();
    let headers = &mut parts.headers;
    if headers.contains_key(header::TRANSFER_ENCODING) {
        // It overrides the length, which the slot must not see alone: it would find another end of the request.
        headers.remove(header::CONTENT_LENGTH);
    }
    if parts.version == Version::HTTP_2 {
        join_cookies(headers);
    }
    let trailers = headers.get_all(header::TE).iter().flat_map(tokens).any(|token| token.eq_ignore_ascii_case("trailers"));
    remove_hop_by_hop(headers);
    if trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("te"));
    }
    // The client was told to go on when its body was first asked for.
    headers.remove(header::EXPECT);
    if let Some(protocol) = upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, protocol);
    }
    tell_of_client(headers, peer, host.as_ref());
    match host {
        Some(host) => drop(headers.insert(header::HOST, host)),
        // What cannot be read as one is none, however often it is said.
        None => drop(headers.remove(header::HOST)),
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
    if headers.contains_key(header::TRANSFER_ENCODING) {
        // The length is not where the answer ends, and the client would believe it.
        headers.remove(header::CONTENT_LENGTH);
    }
    let lengths = headers.get_all(header::CONTENT_LENGTH);
    if lengths.iter().nth(1).is_some()
        && let Some(length) = headers.get(header::CONTENT_LENGTH).cloned()
    {
        // They are the same, or else this were no answer.
        headers.insert(header::CONTENT_LENGTH, length);
    }
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
fn tell_of_client(headers: &mut HeaderMap, peer: &Peer, host: Option<&HeaderValue>) {
    let believed = peer.is_here();
    let before = headers.get(&FORWARDED_FOR).filter(|_| believed).and_then(|value| value.to_str().ok());
    let chain = peer.behind(before);
    headers.insert(FORWARDED_FOR, chain);
    if !believed || !headers.contains_key(&FORWARDED_PROTO) {
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(if peer.is_secure() { "https" } else { "http" }));
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
    // One look at all names costs less than a look-up of each that might be there.
    let known = headers.keys().filter(|name| HOP_BY_HOP.contains(name)).cloned();
    let found: Vec<HeaderName> = known.chain(named_by_connection(headers)).collect();
    for name in found {
        headers.remove(name);
    }
}

/// The headers that `Connection` names. What it says most often names none.
fn named_by_connection(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let named = headers.get_all(header::CONNECTION).iter().flat_map(tokens);
    named.filter(|token| !token.eq_ignore_ascii_case("keep-alive")).filter_map(|token| token.parse().ok())
}

/// HTTP/2 may send a cookie per line, HTTP/1 may not (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let all: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if all.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&all.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim).filter(|token| !token.is_empty())
}

#[cfg(test)]
mod tests {
    use plimsoll_model::route::Match;

    use super::*;

    const HERE: &str = "127.0.0.1";
    const AWAY: &str = "192.0.2.7";

    fn spec(path: &str, strip_prefix: bool) -> RouteSpec {
        let matches = Match { port: 80, host: None, path: path.into() };
        RouteSpec { matches, strip_prefix, public_status: false, spa: false, response_timeout_ms: 1, tls: None }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    /// The headers of a request from `peer`, as the slot gets them, sorted and in one line.
    fn check(peer: &str, lines: &[(&'static str, &str)], expect: &str) {
        let mut request = Request::new(());
        *request.headers_mut() = headers(lines);
        let asked = upgrade(request.headers());
        let request = outgoing(request, &Peer::new(peer.parse().unwrap()), &spec("/", false), asked).unwrap();
        let mut seen: Vec<String> = request.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        seen.sort();
        assert_eq!(seen.join(" | "), expect, "{lines:?}");
    }

    #[test]
    fn what_was_for_the_proxy_stays_there() {
        let usual = "x-forwarded-for: 192.0.2.7 | x-forwarded-proto: http";
        for lines in [
            &[("connection", "close")][..],
            &[("connection", "a, b"), ("connection", "C"), ("a", "1"), ("b", "2"), ("c", "3")],
            &[("keep-alive", "1"), ("proxy-connection", "x"), ("transfer-encoding", "chunked"), ("upgrade", "h2c")],
            &[("te", "gzip"), ("expect", "100-continue")],
            &[("connection", "upgrade")],
            &[("content-length", "4"), ("transfer-encoding", "chunked")],
            &[("connection", ", not a name,")],
        ] {
            check(AWAY, lines, usual);
        }
        check(AWAY, &[("te", "gzip, trailers"), ("connection", "te")], &format!("connection: te | te: trailers | {usual}"));
        check(
            AWAY,
            &[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")],
            &format!("connection: upgrade | upgrade: websocket | {usual}"),
        );
    }

    #[test]
    fn cookies_of_http_2_become_one_line() {
        let mut request = Request::new(());
        *request.headers_mut() = headers(&[("cookie", "a=1"), ("cookie", "b=2")]);
        *request.version_mut() = Version::HTTP_2;
        let request = outgoing(request, &Peer::new(AWAY.parse().unwrap()), &spec("/", false), None).unwrap();
        assert_eq!(request.headers().get_all("cookie").iter().collect::<Vec<_>>(), ["a=1; b=2"]);
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let said = [("host", "a"), ("x-forwarded-for", "1.1.1.1"), ("x-forwarded-host", "b"), ("x-forwarded-proto", "https"), ("forwarded", "for=c")];
        check(AWAY, &said, "host: a | x-forwarded-for: 192.0.2.7 | x-forwarded-host: a | x-forwarded-proto: http");
        check(HERE, &said, "forwarded: for=c | host: a | x-forwarded-for: 1.1.1.1, 127.0.0.1 | x-forwarded-host: b | x-forwarded-proto: https");
        check("::ffff:127.0.0.1", &[], "x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http");
    }

    #[test]
    fn the_target_is_a_path() {
        for (uri, prefix, strip, expect) in [
            ("/a/b?c", "/", false, "/a/b?c"),
            ("/a/b?c", "/a", false, "/a/b?c"),
            ("/a/b?c", "/a", true, "/b?c"),
            ("/a?c", "/a", true, "/?c"),
            ("/a/", "/a/", true, "/"),
            ("/a//b", "/a", true, "//b"),
            ("http://x/a?b", "/", false, "/a?b"),
            ("http://x", "/", true, "/"),
            ("*", "/", false, "*"),
        ] {
            assert_eq!(target(&uri.parse().unwrap(), &spec(prefix, strip)).unwrap().to_string(), expect, "{uri} below {prefix}");
        }
    }
}
