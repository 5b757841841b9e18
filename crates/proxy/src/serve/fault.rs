//! What no request may be, whatever it asks for: one whose end or host could be read in two ways. Others between client and slot might
//! read it the other way, and take its body for a request that nobody made.

use http::header::{self, HeaderMap, HeaderValue};
use http::uri::Authority;
use http::{Method, Request, StatusCode, Version};

/// Why a request is not answered by anyone behind the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) told: &'static str,
}

/// What is wrong with `request`.
pub(crate) fn find<B>(request: &Request<B>) -> Option<Fault> {
    in_framing(request).or_else(|| in_host(request)).or_else(|| in_target(request))
}

fn in_framing<B>(request: &Request<B>) -> Option<Fault> {
    let headers = request.headers();
    let lengths = headers.get_all(header::CONTENT_LENGTH).iter().count();
    let Some(coding) = single(headers, &header::TRANSFER_ENCODING) else { return Some(bad("two transfer codings")) };
    match coding {
        None if lengths > 1 => Some(bad("two lengths")),
        None => None,
        Some(_) if lengths > 0 => Some(bad("a length and a transfer coding")),
        Some(_) if request.version() != Version::HTTP_11 => Some(bad("a transfer coding in this version of HTTP")),
        Some(coding) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => None,
        Some(_) => Some(Fault { status: StatusCode::NOT_IMPLEMENTED, told: "a transfer coding that is not known here" }),
    }
}

fn in_host<B>(request: &Request<B>) -> Option<Fault> {
    let named = request.uri().authority();
    let Some(host) = single(request.headers(), &header::HOST) else { return Some(bad("two hosts")) };
    if named.is_some_and(|named| named.as_str().contains('@')) {
        return Some(bad("a host with a user"));
    }
    match host {
        Some(host) if !is_host(host) => Some(bad("a host that is none")),
        None if named.is_none() && request.version() != Version::HTTP_10 => Some(bad("no host")),
        _ => None,
    }
}

fn in_target<B>(request: &Request<B>) -> Option<Fault> {
    let path = request.uri().path();
    let fits = path.starts_with('/') || matches!(*request.method(), Method::OPTIONS if path == "*") || *request.method() == Method::CONNECT;
    (!fits).then_some(bad("a target that is no path"))
}

fn is_host(value: &HeaderValue) -> bool {
    // The empty one is allowed, and is no one's.
    value.is_empty() || value.to_str().is_ok_and(|host| !host.contains('@') && host.parse::<Authority>().is_ok())
}

/// The only value of `name`, if there is one; nothing when there are several.
fn single<'h>(headers: &'h HeaderMap, name: &header::HeaderName) -> Option<Option<&'h HeaderValue>> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    values.next().is_none().then_some(first)
}

fn bad(told: &'static str) -> Fault {
    Fault { status: StatusCode::BAD_REQUEST, told }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &str, version: Version, headers: &[(&'static str, &'static str)], expect: u16) {
        let mut request = Request::builder().method(if target == "*" { "OPTIONS" } else { "POST" }).uri(target).version(version);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let found = find(&request.body(()).unwrap()).map_or(200, |fault| fault.status.as_u16());
        assert_eq!(found, expect, "{target} {version:?} {headers:?}");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_read() {
        let (one, two, old) = (Version::HTTP_11, Version::HTTP_2, Version::HTTP_10);
        let (host, chunked) = (("host", "a"), ("transfer-encoding", "Chunked"));
        for (headers, expect) in [
            (&[host][..], 200),
            (&[host, ("content-length", "4")], 200),
            (&[host, chunked], 200),
            (&[host, ("content-length", "4"), ("content-length", "4")], 400),
            (&[host, ("content-length", "4"), chunked], 400),
            (&[host, chunked, chunked], 400),
            (&[host, ("transfer-encoding", "gzip, chunked")], 501),
            (&[host, ("transfer-encoding", "identity")], 501),
            (&[host, ("transfer-encoding", "chunked;a")], 501),
            (&[], 400),
            (&[("host", "")], 200),
            (&[("host", "a.b:80")], 200),
            (&[("host", "[::1]:80")], 200),
            (&[host, host], 400),
            (&[("host", "a@b")], 400),
            (&[("host", "a b")], 400),
            (&[("host", "a/b")], 400),
            (&[("host", "a, b")], 400),
        ] {
            check("/", one, headers, expect);
        }
        check("/", old, &[], 200);
        check("/", old, &[chunked], 400);
        check("*", one, &[host], 200);
        check("http://a/", one, &[], 200);
        check("http://a/", two, &[("host", "b")], 200);
        check("http://u@a/", one, &[host], 400);
        check("http://a/", two, &[chunked], 400);
    }
}
