//! Bytes as no honest client or slot sends them: each case says what is answered, and what the slot was asked. Behind each request comes
//! another one on the same connection: it is answered where the two agree on where the first one ends, and only there.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::recorder::{Answers, Recorder, UNREADABLE, well};
use crate::support::table::{at_host, to_slot};
use crate::support::{Proxy, free_port};

const NEXT: &str = "GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

/// Sends `bytes` and reads until the proxy closes.
async fn send(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // What does not fit any more is not wanted any more.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of each answer in `text`.
fn statuses(text: &str) -> Vec<u16> {
    text.split("HTTP/1.").skip(1).map(|answer| answer[2..5].parse().unwrap()).collect()
}

struct Case(&'static str, Vec<u8>, &'static [u16], &'static [&'static str]);

fn case(what: &'static str, bytes: impl Into<Vec<u8>>, answers: &'static [u16], asked: &'static [&'static str]) -> Case {
    Case(what, bytes.into(), answers, asked)
}

async fn check(proxy: &mut Proxy, answers: Answers, cases: Vec<Case>) {
    let (recorder, port) = (Recorder::start(answers).await, free_port());
    let routes = vec![to_slot(port, "slot", recorder.address), at_host("inner", to_slot(port, "slot", recorder.address))];
    proxy.put(routes).await.unwrap();
    let mut wrong = Vec::new();
    for Case(what, bytes, answers, asked) in cases {
        let answer = send(port, &bytes).await;
        let seen = recorder.take();
        if statuses(&answer) != answers || seen != asked {
            wrong.push(format!("{what}: answered {:?}, asked {seen:?}\n{answer}", statuses(&answer)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A request with these lines and body, and the next one.
fn post(lines: &str, body: &str) -> String {
    format!("POST /first HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\n{body}{NEXT}")
}

#[tokio::test]
async fn where_a_request_ends_is_read_in_one_way() {
    let mut proxy = Proxy::start().await;
    const BOTH: &[&str] = &["POST /first x: ping", "GET /next x: "];
    const NONE: &[&str] = &[];
    // The chunks count, and nothing is read behind them.
    const FIRST: &[&str] = &["POST /first x: ping"];
    const EMPTY: &[&str] = &["POST /first x: "];
    let cases = vec![
        case("a length", post("Content-Length: 4", "ping"), &[200, 200], BOTH),
        case("chunks", post("Transfer-Encoding: chunked", "4\r\nping\r\n0\r\n\r\n"), &[200, 200], BOTH),
        case("chunks in capitals", post("transfer-encoding: CHUNKED", "4\r\nping\r\n0\r\n\r\n"), &[200, 200], BOTH),
        case("an extension", post("Transfer-Encoding: chunked", "4;a=b\r\nping\r\n0;x\r\n\r\n"), &[200, 200], BOTH),
        case("trailers", post("Transfer-Encoding: chunked", "4\r\nping\r\n0\r\nHost: evil\r\n\r\n"), &[200, 200], BOTH),
        case("leading zeros", post("Transfer-Encoding: chunked", "0004\r\nping\r\n000\r\n\r\n"), &[200, 200], BOTH),
        case("the same length twice", post("Content-Length: 4\r\nContent-Length: 4", "ping"), &[200, 200], BOTH),
        case("two lengths", post("Content-Length: 4\r\nContent-Length: 0", "ping"), &[400], NONE),
        case("a list of lengths", post("Content-Length: 4, 4", "ping"), &[400], NONE),
        case("a length with a sign", post("Content-Length: +4", "ping"), &[400], NONE),
        case("a negative length", post("Content-Length: -4", "ping"), &[400], NONE),
        case("a length in hex", post("Content-Length: 0x4", "ping"), &[400], NONE),
        case("no length", post("Content-Length:", ""), &[400], NONE),
        case("a length beyond all numbers", post("Content-Length: 99999999999999999999999", "ping"), &[400], NONE),
        case("a length and chunks", post("Content-Length: 4\r\nTransfer-Encoding: chunked", "4\r\nping\r\n0\r\n\r\n"), &[200], FIRST),
        case("chunks and a length", post("Transfer-Encoding: chunked\r\nContent-Length: 30", "0\r\n\r\n"), &[200], EMPTY),
        case("chunked twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), &[400], NONE),
        case("chunked not last", post("Transfer-Encoding: chunked, gzip", "0\r\n\r\n"), &[400], NONE),
        case("an unknown coding", post("Transfer-Encoding: xchunked", "0\r\n\r\n"), &[400], NONE),
        case("another coding before", post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"), &[501], NONE),
        case("a coding in quotes", post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n"), &[400], NONE),
        case("a coding after a tab", post("Transfer-Encoding:\tchunked", "4\r\nping\r\n0\r\n\r\n"), &[200, 200], BOTH),
        case("a coding after a vertical tab", post("Transfer-Encoding: \x0bchunked", "0\r\n\r\n"), &[400], NONE),
        case("a blank before the colon", post("Transfer-Encoding : chunked", "0\r\n\r\n"), &[400], NONE),
        case("a length with a blank in its name", post("Content Length: 4", "ping"), &[400], NONE),
        case("a coding for an old client", post("Transfer-Encoding: chunked", "0\r\n\r\n").replacen("HTTP/1.1", "HTTP/1.0", 1), &[400], NONE),
        case("a folded line", post("X: a\r\n b", ""), &[400], NONE),
        case("a folded coding", post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"), &[400], NONE),
        case("a bare CR in a value", post("X: a\rContent-Length: 4", "ping"), &[400], NONE),
        case("a NUL in a value", post("X: a\0b", ""), &[400], NONE),
        case("a CR in a name", post("X\r: a", ""), &[400], NONE),
        case("a line without a colon", post("nonsense", ""), &[400], NONE),
        case("a chunk size that is none", post("Transfer-Encoding: chunked", "x\r\nping\r\n0\r\n\r\n"), &[400], NONE),
        case("a chunk size with a sign", post("Transfer-Encoding: chunked", "+4\r\nping\r\n0\r\n\r\n"), &[400], NONE),
        case("a chunk size with 0x", post("Transfer-Encoding: chunked", "0x4\r\nping\r\n0\r\n\r\n"), &[400], NONE),
        case("a chunk size that overflows", post("Transfer-Encoding: chunked", "10000000000000004\r\nping\r\n0\r\n\r\n"), &[400], NONE),
        case("a chunk that is longer than it says", post("Transfer-Encoding: chunked", "2\r\nping\r\n0\r\n\r\n"), &[400], NONE),
        case("a bare LF in a chunk's extension", post("Transfer-Encoding: chunked", "4;a\nping\r\n0\r\n\r\n"), &[400], NONE),
        case("a bare LF after a chunk's size", post("Transfer-Encoding: chunked", "4\nping\r\n0\r\n\r\n"), &[400], NONE),
    ];
    check(&mut proxy, well, cases).await;
    proxy.stop().await;
}

#[tokio::test]
async fn whom_a_request_is_for_is_read_in_one_way() {
    let mut proxy = Proxy::start().await;
    let get = |line: &str, lines: &str| format!("{line} HTTP/1.1\r\n{lines}\r\n{NEXT}");
    const NONE: &[&str] = &[];
    let cases = vec![
        case("a host", get("GET /", "Host: inner\r\n"), &[200, 200], &["GET / inner: ", "GET /next x: "]),
        case("no host", get("GET /", ""), &[400], NONE),
        case("an empty host", get("GET /", "Host: \r\n"), &[200, 200], &["GET / : ", "GET /next x: "]),
        case("two hosts", get("GET /", "Host: x\r\nHost: inner\r\n"), &[400], NONE),
        case("the same host twice", get("GET /", "Host: x\r\nHost: x\r\n"), &[400], NONE),
        case("a host with a user", get("GET /", "Host: x@inner\r\n"), &[400], NONE),
        case("a host with a path", get("GET /", "Host: inner/x\r\n"), &[400], NONE),
        case("a list of hosts", get("GET /", "Host: inner, x\r\n"), &[400], NONE),
        case("a whole address", get("GET http://inner/a", "Host: x\r\n"), &[200, 200], &["GET /a inner: ", "GET /next x: "]),
        case("a whole address with a user", get("GET http://x@inner/a", "Host: x\r\n"), &[400], NONE),
        case(
            "a forwarded host",
            get("GET /", "Host: x\r\nX-Forwarded-Host: inner\r\nX-Host: inner\r\n"),
            &[200, 200],
            &["GET / x: ", "GET /next x: "],
        ),
        case("a target that is no path", get("GET a", "Host: x\r\n"), &[400], NONE),
        case("a target with a blank", get("GET /a b", "Host: x\r\n"), &[400], NONE),
        case("a tunnel", get("CONNECT inner:80", "Host: inner:80\r\n"), &[501, 200], &["GET /next x: "]),
        case("all of it", get("OPTIONS *", "Host: x\r\n"), &[404, 200], &["GET /next x: "]),
        case("another version", "GET / HTTP/1.2\r\nHost: x\r\n\r\n", &[400], NONE),
        case("an ancient version", "GET /\r\n\r\n", &[400], NONE),
        case(
            "an upgrade to HTTP/2",
            get("GET /", "Host: x\r\nConnection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"),
            &[200, 200],
            &["GET / x: ", "GET /next x: "],
        ),
        case(
            "a host that is taken off",
            get("GET /", "Host: x\r\nConnection: host, content-length\r\nContent-Length: 0\r\n"),
            &[200, 200],
            &["GET / x: ", "GET /next x: "],
        ),
        case("empty lines before", format!("\r\n\r\n{}", get("GET /", "Host: x\r\n")), &[200, 200], &["GET / x: ", "GET /next x: "]),
        case("bare LF, which is no end of another kind", "GET / HTTP/1.1\nHost: x\nConnection: close\n\n", &[200], &["GET / x: "]),
        case(
            "three at once",
            format!("{}{}", get("GET /1", "Host: x\r\n").replace(NEXT, ""), get("GET /2", "Host: x\r\n")),
            &[200, 200, 200],
            &["GET /1 x: ", "GET /2 x: ", "GET /next x: "],
        ),
    ];
    check(&mut proxy, well, cases).await;
    proxy.stop().await;
}

#[tokio::test]
async fn what_is_too_large_is_told_so() {
    let mut proxy = Proxy::start().await;
    let long = "a".repeat(80_000);
    let many = "X-Y: z\r\n".repeat(200);
    const NONE: &[&str] = &[];
    let cases = vec![
        case("a long target", format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"), &[431], NONE),
        case("a long header", format!("GET / HTTP/1.1\r\nHost: x\r\nX: {long}\r\n\r\n"), &[431], NONE),
        case("many headers", format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n"), &[431], NONE),
        case("a head without end", format!("GET / HTTP/1.1\r\nX: {long}{long}"), &[431], NONE),
    ];
    check(&mut proxy, well, cases).await;
    proxy.stop().await;
}

/// Answers as no honest slot gives them.
fn badly(target: &str) -> (&'static [u8], bool) {
    match target {
        "/garbage" => (b"\x16\x03\x01garbage\r\n\r\n", true),
        "/nothing" => (b"", true),
        "/half-a-head" => (b"HTTP/1.1 200 OK\r\nconte", true),
        "/half-a-body" => (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok", true),
        "/two-lengths" => (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!", false),
        "/the-same-twice" => (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok", false),
        "/length-and-chunks" => (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", false),
        "/unasked" => (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", false),
        "/switch" => (b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", false),
        "/hints" => (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false),
        "/folded" => (b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 2\r\n\r\nok", false),
        _ => well(target),
    }
}

#[tokio::test]
async fn a_slot_that_answers_nonsense_is_told_apart() {
    let mut proxy = Proxy::start().await;
    let get = |target: &str| format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n{NEXT}");
    let cases = vec![
        case("garbage", get("/garbage"), &[502, 200], &["POST /garbage x: ", "GET /next x: "]),
        case("nothing", get("/nothing"), &[502, 200], &["POST /nothing x: ", "GET /next x: "]),
        case("half a head", get("/half-a-head"), &[502, 200], &["POST /half-a-head x: ", "GET /next x: "]),
        case("half a body", get("/half-a-body"), &[200], &["POST /half-a-body x: "]),
        case("two lengths", get("/two-lengths"), &[502, 200], &["POST /two-lengths x: ", "GET /next x: "]),
        case("the same twice", get("/the-same-twice"), &[200, 200], &["POST /the-same-twice x: ", "GET /next x: "]),
        case("a length and chunks", get("/length-and-chunks"), &[200, 200], &["POST /length-and-chunks x: ", "GET /next x: "]),
        case("an answer to nothing", get("/unasked"), &[200, 200], &["POST /unasked x: ", "GET /next x: "]),
        case("a switch that was not asked for", get("/switch"), &[502, 200], &["POST /switch x: ", "GET /next x: "]),
        case("hints before the answer", get("/hints"), &[200, 200], &["POST /hints x: ", "GET /next x: "]),
        case("a folded line", get("/folded"), &[502, 200], &["POST /folded x: ", "GET /next x: "]),
    ];
    check(&mut proxy, badly, cases).await;
    proxy.stop().await;
}

static ASKED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

/// Closes a connection that was kept instead of answering: `/vanish` always, `/once` the first time.
fn vanishing(target: &str) -> (&'static [u8], bool) {
    let again = || ASKED.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0;
    match target {
        "/vanish" => (b"", true),
        "/once" if !again() => (b"", true),
        _ => well(target),
    }
}

#[tokio::test]
async fn a_kept_connection_that_is_closed_under_way_costs_what_cannot_be_repeated_only() {
    let mut proxy = Proxy::start().await;
    let after_one = |method: &str, target: &str| {
        format!("GET /keep HTTP/1.1\r\nHost: x\r\n\r\n{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n{NEXT}")
    };
    let cases = vec![
        case("repeated", after_one("GET", "/once"), &[200, 200, 200], &["GET /keep x: ", "GET /once x: ", "GET /once x: ", "GET /next x: "]),
        case(
            "repeated once",
            after_one("PUT", "/vanish"),
            &[200, 502, 200],
            &["GET /keep x: ", "PUT /vanish x: ", "PUT /vanish x: ", "GET /next x: "],
        ),
        case("not repeated", after_one("POST", "/vanish"), &[200, 502, 200], &["GET /keep x: ", "POST /vanish x: ", "GET /next x: "]),
    ];
    check(&mut proxy, vanishing, cases).await;
    proxy.stop().await;
}

#[tokio::test]
async fn who_takes_forever_to_ask_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let mut proxy = Proxy::start_with(folder, |options| options.head = std::time::Duration::from_millis(100)).await.unwrap();
    let (recorder, port) = (Recorder::start(well).await, free_port());
    proxy.put(vec![to_slot(port, "slot", recorder.address)]).await.unwrap();
    for begun in ["", "PRI * HTT", "PRI * HTTP/2.0\r\n\r\nSM", "GET", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT"] {
        // It ends, though the client neither says more nor closes.
        let answer = send(port, begun.as_bytes()).await;
        let asked = usize::from(begun.contains("\r\n\r\nGET"));
        assert!(answer.matches(" 200 ").count() == asked && recorder.take().len() == asked, "{begun:?}: {answer}");
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_client_that_is_gone_is_not_worked_for() {
    let (mut proxy, port, blue) = (Proxy::start().await, free_port(), crate::support::backend::Backend::start("blue").await);
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    for (begun, is_held) in [
        ("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n", true),
        ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc", false),
        ("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab", false),
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        if is_held {
            blue.held().await;
        } else {
            while proxy.control.status().await.unwrap().routes[0].route.in_flight == 0 {}
        }
        drop(stream);
        while proxy.control.status().await.unwrap().routes[0].route.in_flight > 0 {}
    }
    proxy.stop().await;
}

const NASTY: [&str; 22] = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "4",
    "-1",
    "ffffffffffffffff",
    "chunked",
    "Content-Length: 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Connection: te, upgrade, host\r\n",
    "Upgrade: h2c\r\n",
    "Host: y\r\n",
    "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/1.0",
    "\u{e9}",
];

/// A request that was right before something was put in, taken out or doubled.
fn mutant() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    use proptest::prelude::*;
    let whole = prop::sample::select(vec![
        post("Content-Length: 4", "ping"),
        post("Transfer-Encoding: chunked\r\nTrailer: x-a", "4;x=y\r\nping\r\n0\r\nX-A: b\r\n\r\n"),
        post("Connection: upgrade\r\nUpgrade: echo\r\nTE: trailers\r\nExpect: 100-continue", ""),
        format!("GET http://inner:80/a?b HTTP/1.1\r\nHost: x\r\nCookie: a\r\nX-Forwarded-For: b\r\n\r\n{NEXT}"),
    ]);
    let place = any::<prop::sample::Index>;
    let change = prop_oneof![
        (place(), prop::sample::select(&NASTY[..])).prop_map(|(at, text)| (at, 0, text.as_bytes().to_vec())),
        (place(), 1..4_usize).prop_map(|(at, out)| (at, out, Vec::new())),
        (place(), any::<u8>()).prop_map(|(at, byte)| (at, 1, vec![byte])),
    ];
    (whole, prop::collection::vec(change, 1..4)).prop_map(|(whole, changes)| {
        let mut bytes = whole.into_bytes();
        for (at, out, text) in changes {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + out);
            bytes.splice(at..end, text);
        }
        bytes
    })
}

/// Sends `bytes`, says that there will be no more, and reads until the proxy closes.
async fn send_all(port: u16, bytes: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[test]
fn whatever_comes_in_what_goes_out_is_read_in_one_way() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut proxy, recorder, port) = runtime.block_on(async { (Proxy::start().await, Recorder::start(well).await, free_port()) });
    runtime.block_on(proxy.put(vec![to_slot(port, "slot", recorder.address)])).unwrap();
    let asked = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Default::default()
    });
    let outcome = runner.run(&mutant(), |bytes| {
        runtime.block_on(send_all(port, &bytes));
        let seen = recorder.take();
        asked.set(asked.get() + seen.len());
        proptest::prop_assert!(!seen.iter().any(|asked| asked.starts_with(UNREADABLE)), "{:?}", seen);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert!(asked.get() > 25, "most mutants are still requests, or nothing was tried: {}", asked.get());
    runtime.block_on(proxy.stop());
}
