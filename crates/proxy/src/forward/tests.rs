//! Headers as nobody writes them: none of them gets past us that belongs to the client's connection, or says where a request ends.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Version};
use plimsoll_model::route::{Match, RouteSpec};
use proptest::prelude::*;

use super::headers::{outgoing, returning, upgrade};
use super::peer::Peer;

const NAMES: [&str; 18] = [
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-own",
];

/// What is ours to say, whatever `Connection` names.
const OURS: [&str; 8] = ["connection", "host", "te", "upgrade", "x-forwarded-for", "x-forwarded-host", "x-forwarded-prefix", "x-forwarded-proto"];

fn name() -> impl Strategy<Value = HeaderName> {
    prop_oneof![prop::sample::select(&NAMES[..]).prop_map(HeaderName::from_static), "[a-z][a-z0-9-]{0,12}".prop_map(|name| name.parse().unwrap())]
}

fn value() -> impl Strategy<Value = HeaderValue> {
    let words = prop::collection::vec(
        prop_oneof![prop::sample::select(&NAMES[..]).prop_map(str::to_owned), "(trailers|chunked|close|4|h2c|websocket)?[ ,;=]{0,3}"],
        0..5,
    );
    let bytes = prop::collection::vec(any::<u8>(), 0..30);
    prop_oneof![
        words.prop_map(|words| HeaderValue::try_from(words.join(",")).unwrap()),
        bytes.prop_map(|mut bytes| {
            bytes.retain(|byte| HeaderValue::from_bytes(&[*byte]).is_ok());
            HeaderValue::from_bytes(&bytes).unwrap()
        }),
    ]
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    prop::collection::vec((name(), value()), 0..16).prop_map(|lines| {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value);
        }
        headers
    })
}

fn named(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|token| token.trim().to_ascii_lowercase()).filter(|token| !token.is_empty()).collect()
}

proptest! {
    #[test]
    fn what_is_between_client_and_proxy_stays_there(
        given in headers(), http2 in any::<bool>(), here in any::<bool>(), strip in any::<bool>(), target in "(http://[a-c]{1,3}(:80)?)?/(pre)?(/[a-z%?]{0,5}){0,3}",
    ) {
        let Ok(uri) = target.parse() else { return Ok(()) };
        let mut request = Request::new(());
        (*request.uri_mut(), *request.headers_mut()) = (uri, given.clone());
        *request.version_mut() = if http2 { Version::HTTP_2 } else { Version::HTTP_11 };
        let spec = RouteSpec {
            matches: Match { port: 80, host: None, path: "/pre".into() },
            strip_prefix: strip,
            public_status: false,
            spa: false,
            response_timeout_ms: 1,
            tls: None,
        };
        let peer = Peer::new(if here { [127, 0, 0, 1].into() } else { [192, 0, 2, 7].into() });
        let asked = upgrade(&given);
        let Ok(sent) = outgoing(request, &peer, &spec, asked.clone()) else { return Ok(()) };
        let sent = sent.headers();
        for name in ["transfer-encoding", "keep-alive", "proxy-connection", "http2-settings", "expect"] {
            prop_assert!(!sent.contains_key(name), "{}", name);
        }
        for name in named(&given).iter().filter(|name| !OURS.contains(&name.as_str()) && name.as_str() != "keep-alive") {
            prop_assert!(!sent.contains_key(name), "{}", name);
        }
        prop_assert!(sent.get_all("host").iter().count() <= 1);
        prop_assert!(sent.get_all("x-forwarded-for").iter().count() == 1);
        prop_assert_eq!(sent.get("upgrade"), asked.as_ref());
        let connection: Vec<_> = sent.get_all("connection").iter().map(|value| value.to_str().unwrap()).collect();
        prop_assert!(matches!(connection[..], [] | ["te"] | ["upgrade"]), "{:?}", connection);
        if !here {
            prop_assert!(!sent.contains_key("forwarded"));
        }
    }

    #[test]
    fn an_answer_ends_where_its_slot_said(mut given in headers()) {
        let (chunked, names) = (given.contains_key("transfer-encoding"), named(&given));
        returning(&mut given);
        for name in ["connection", "transfer-encoding", "keep-alive", "proxy-connection", "te", "upgrade"] {
            prop_assert!(!given.contains_key(name), "{}", name);
        }
        for name in names.iter().filter(|name| name.as_str() != "keep-alive") {
            prop_assert!(!given.contains_key(name), "{}", name);
        }
        let lengths = given.get_all("content-length").iter().count();
        prop_assert!(lengths <= usize::from(!chunked), "{}", lengths);
    }
}
