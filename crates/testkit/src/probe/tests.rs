//! The probe against servers that answer right, wrong, late, half or not at all.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::*;

/// What a server does with each request.
#[derive(Debug, Clone, Copy)]
struct Manner {
    answer: &'static str,
    closes: bool,
}

const fn keeps(answer: &'static str) -> Manner {
    Manner { answer, closes: false }
}

const fn closes(answer: &'static str) -> Manner {
    Manner { answer, closes: true }
}

/// Starts a server of that manner; gives its URL.
async fn server(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, manner));
        }
    });
    url
}

async fn serve(mut stream: TcpStream, manner: Manner) {
    while read_request(&mut stream).await {
        stream.write_all(manner.answer.as_bytes()).await.expect("the probe reads");
        if manner.closes {
            return;
        }
    }
}

/// Reads up to the end of a head without a body, or of a body in chunks. False at the end of the stream.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    loop {
        match stream.read_u8().await {
            Ok(byte) => seen.push(byte),
            Err(_) => return false,
        }
        let chunked = seen.windows(7).any(|window| window == b"chunked");
        let end: &[u8] = if chunked { b"\r\n0\r\n\r\n" } else { b"\r\n\r\n" };
        if seen.ends_with(end) {
            return true;
        }
    }
}

async fn probe_of(target: Target) -> Report {
    let probe = Probe::start(vec![target], 500);
    probe.ended_more(10).await;
    probe.stop().await
}

#[tokio::test]
async fn right_answers_are_counted_and_wrong_ones_fail() {
    let right = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let announced = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
    let cases = [
        ("kept alive", keeps(right), Connection::KeptAlive, ""),
        ("closed as announced", closes(announced), Connection::KeptAlive, ""),
        ("fresh", closes(right), Connection::Fresh, ""),
        ("another body", keeps("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nho"), Connection::KeptAlive, "\"hi\" is not in the answer"),
        ("an error", keeps("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nhi"), Connection::KeptAlive, "status 502"),
        ("cut off in the body", closes("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"), Connection::KeptAlive, "cut off"),
        ("closed without an answer", closes(""), Connection::Fresh, "on a new connection"),
    ];
    for (what, manner, connection, why) in cases {
        let url = server(manner).await;
        let report = probe_of(Target { connection, ..Target::get(what, &url).contains("hi") }).await;
        if why.is_empty() {
            report.assert_clean();
        } else {
            assert_eq!((report.failed, report.samples.len()), (report.sent, 0), "{what}: {report}");
            assert!(report.failures[0].why.contains(why), "{what}: {report}");
        }
    }
}

#[tokio::test]
async fn nobody_there_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    drop(listener);
    let report = probe_of(Target::get("nobody", &url)).await;
    assert_eq!(report.failed, report.sent);
}

#[tokio::test]
async fn a_slow_upload_arrives_whole() {
    let url = server(keeps("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let pieces = vec![Bytes::from_static(b"first"), Bytes::from_static(b"second")];
    probe_of(Target::post("upload", &url, Body::Chunks { pieces, pause: Duration::from_millis(1) })).await.assert_clean();
}

#[tokio::test]
async fn an_answer_that_never_comes_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let report = probe_of(Target { timeout: Duration::from_millis(5), ..Target::get("silent", &url) }).await;
    assert!(report.failed == report.sent && report.failures[0].why.contains("within 5 ms"), "{report}");
}

/// Answers one request on each of two connections. The first is closed while it is idle, the second when it
/// has brought another request. Tells over `told` when the first is closed.
async fn close_idle_then_in_use(listener: TcpListener, mut told: UnixStream) {
    for in_use in [false, true] {
        let (mut stream, _) = listener.accept().await.expect("the probe connects");
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("the probe reads");
        if in_use {
            read_request(&mut stream).await;
        }
        drop(stream);
        told.write_all(b"x").await.expect("the test reads");
    }
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced_and_one_closed_in_use_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let wire = Wire::new(Target::get("x", &format!("http://{}/", listener.local_addr().expect("it is bound"))));
    let (mut closed, told) = UnixStream::pair().expect("the system has descriptors left");
    tokio::spawn(close_idle_then_in_use(listener, told));

    assert_eq!(wire.ask().await, Ok(()));
    // By the time that this arrives the close has, too.
    closed.read_u8().await.expect("the server tells");
    assert_eq!(wire.ask().await, Ok(()));
    let error = wire.ask().await.expect_err("the third request is cut off");
    assert!(error.contains("on a kept-alive connection"), "{error}");
}
