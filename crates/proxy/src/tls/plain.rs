//! Requests without TLS for routes that speak it: sent on to HTTPS from the port that is there for it, told so anywhere else.

use http::{HeaderValue, Request, Response, StatusCode, header};
use plimsoll_model::route::RouteSpec;

use crate::forward::headers;
use crate::payload::{self, Payload};

/// Where authorities look for the proof that a host is one's own (RFC 8555, 8.3). They ask by plain HTTP, and so may whoever answers them.
const PROOFS: &str = "/.well-known/acme-challenge/";

/// The answer to `request`, which came to `port`; none when it is to be served all the same.
pub(crate) fn answer<B>(spec: &RouteSpec, port: u16, request: &Request<B>) -> Option<Response<Payload>> {
    if port == spec.matches.port {
        return Some(payload::text(StatusCode::BAD_REQUEST, "this port speaks HTTPS: ask again with https:// in front"));
    }
    if request.uri().path().starts_with(PROOFS) {
        return None;
    }
    let Some(location) = location(spec, request) else { return Some(payload::text(StatusCode::BAD_REQUEST, "no host to send this on to")) };
    let mut response = payload::text(StatusCode::PERMANENT_REDIRECT, "this is served by HTTPS");
    response.headers_mut().insert(header::LOCATION, location);
    Some(response)
}

/// The same host, path and query by HTTPS.
fn location<B>(spec: &RouteSpec, request: &Request<B>) -> Option<HeaderValue> {
    let authority = headers::authority(request).and_then(|authority| authority.parse::<http::uri::Authority>().ok());
    let host = authority.as_ref().map(http::uri::Authority::host).or(spec.matches.host.as_deref()).filter(|host| !host.is_empty())?;
    let port = if spec.matches.port == 443 { String::new() } else { format!(":{}", spec.matches.port) };
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    HeaderValue::try_from(format!("https://{host}{port}{target}")).ok()
}

#[cfg(test)]
mod tests {
    use plimsoll_model::route::Match;

    use super::*;

    #[test]
    fn requests_without_tls_are_sent_on() {
        let check = |own: u16, host: Option<&str>, came_to: u16, target: &str, said: &str, expect: (u16, &str)| {
            let matches = Match { port: own, host: host.map(str::to_owned), path: "/".into() };
            let spec = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 1, tls: None };
            let request = Request::get(target).header(header::HOST, said).body(()).unwrap();
            let answer = answer(&spec, came_to, &request).map_or((200, String::new()), |answer| {
                let location = answer.headers().get(header::LOCATION).map_or("", |location| location.to_str().unwrap());
                (answer.status().as_u16(), location.to_owned())
            });
            assert_eq!((answer.0, answer.1.as_str()), expect, "{target} of {said} at {came_to}");
        };
        let shop = Some("shop.example");
        check(443, shop, 80, "/a/b?c=d&e", "shop.example", (308, "https://shop.example/a/b?c=d&e"));
        check(443, None, 80, "/", "any.example:80", (308, "https://any.example/"));
        check(8443, shop, 8080, "/?x", "Shop.Example:8080", (308, "https://Shop.Example:8443/?x"));
        check(8443, None, 8080, "/", "[::1]:8080", (308, "https://[::1]:8443/"));
        check(443, None, 80, "http://shop.example/x", "shop.example", (308, "https://shop.example/x"));
        check(443, shop, 80, "/x", "", (308, "https://shop.example/x"));
        check(443, None, 80, "/x", "", (400, ""));
        check(443, shop, 443, "/", "shop.example", (400, ""));
        check(443, shop, 80, "/.well-known/acme-challenge/token", "shop.example", (200, ""));
        check(443, shop, 443, "/.well-known/acme-challenge/token", "shop.example", (400, ""));
        check(443, shop, 80, "/.well-known/other", "shop.example", (308, "https://shop.example/.well-known/other"));
    }
}
