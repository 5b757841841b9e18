//! What a slot gets of a request, and a client of its answer.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::backend::Backend;
use crate::support::client::{Connection, get, raw, request};
use crate::support::table::{at_host, below, to_slot, with};
use crate::support::{Proxy, free_port};

#[tokio::test]
async fn the_most_specific_route_answers() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let (any, host, api) = (Backend::start("any").await, Backend::start("host").await, Backend::start("api").await);
    let routes = vec![
        below("/only", to_slot(port, "any", any.address)),
        at_host("shop.example", to_slot(port, "host", host.address)),
        at_host("shop.example", below("/api", to_slot(port, "api", api.address))),
    ];
    proxy.put(routes).await.unwrap();
    let mut connection = Connection::open(port).await;
    for (host, path, expect) in [
        ("shop.example", "/", "host"),
        ("SHOP.example:80", "/api", "api"),
        ("shop.example", "/api/x?y", "api"),
        ("shop.example", "/apix", "host"),
        ("shop.example", "/only", "host"),
        ("other.example", "/only/x", "any"),
        ("other.example", "/", "nothing is deployed here\n"),
    ] {
        assert_eq!(connection.ask(request("GET", path, &[("host", host)], "")).await.text(), expect, "{host}{path}");
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_slot_is_told_whom_it_answers() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    let prefixed = below("/pre", with(to_slot(port, "blue", blue.address), |spec| spec.strip_prefix = true));
    proxy.put(vec![to_slot(port, "blue", blue.address), prefixed]).await.unwrap();
    let mut connection = Connection::open(port).await;
    let headers = [
        ("connection", "x-private, te"),
        ("x-private", "1"),
        ("x-public", "2"),
        ("te", "trailers, deflate"),
        ("keep-alive", "1"),
        ("proxy-connection", "keep-alive"),
        ("x-forwarded-for", "192.0.2.1"),
    ];
    let head = connection.ask(request("GET", "/head?a=b", &headers, "")).await.json();
    let expect = serde_json::json!({
        "method": "GET", "target": "/head?a=b",
        "headers": {
            "connection": "te", "te": "trailers", "host": "shop.example", "x-public": "2",
            "x-forwarded-for": "192.0.2.1, 127.0.0.1", "x-forwarded-host": "shop.example", "x-forwarded-proto": "http",
        },
    });
    assert_eq!(head, expect);
    let head = connection.get("/pre/head?a=b").await.json();
    assert_eq!((&head["target"], &head["headers"]["x-forwarded-prefix"]), (&"/head?a=b".into(), &"/pre".into()));

    let answer = connection.get("/hopping").await;
    let seen = ["connection", "x-private", "keep-alive", "x-public"].map(|name| answer.header(name));
    assert_eq!(seen, [None, None, None, Some("2")]);
    proxy.stop().await;
}

#[tokio::test]
async fn bodies_go_both_ways_while_they_are_being_sent() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n4\r\nping\r\n").await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"4\r\nping\r\n") {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }
    stream.write_all(b"4\r\npong\r\n0\r\n\r\n").await.unwrap();
    while !seen.ends_with(b"4\r\npong\r\n0\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }
    proxy.stop().await;
}

#[tokio::test]
async fn clients_of_all_ages_are_served() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();

    let old = raw(port, "GET / HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200 OK\r\n") && old.ends_with("\r\n\r\nblue"), "{old}");
    let old = raw(port, "GET /trickle HTTP/1.0\r\n\r\n");
    blue.release();
    let old = old.await;
    assert!(old.ends_with("\r\n\r\nfirstsecond") && !old.contains("chunked"), "{old}");
    let asks = raw(port, "POST /echo HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\nconnection: close\r\n\r\nping").await;
    assert!(asks.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK") && asks.ends_with("ping"), "{asks}");
    let bad = raw(port, "nonsense\r\n\r\n").await;
    assert!(bad.starts_with("HTTP/1.1 400"), "{bad}");

    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let ask = |path: &str| http::Request::post(format!("http://shop.example{path}")).body(Full::new(Bytes::from_static(b"ping"))).unwrap();
    let echo = sender.send_request(ask("/echo")).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(echo, "ping");
    let head = sender.send_request(ask("/head?x")).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    let head: serde_json::Value = serde_json::from_slice(&head).unwrap();
    assert_eq!((&head["target"], &head["headers"]["host"]), (&"/head?x".into(), &"shop.example".into()));
    proxy.stop().await;
}

#[tokio::test]
async fn connections_to_a_slot_are_kept_and_a_closed_one_costs_no_request() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let mut connection = Connection::open(port).await;
    for _ in 0..10 {
        assert_eq!(connection.get("/").await.text(), "blue");
    }
    assert_eq!(blue.connections(), 1);
    for _ in 0..20 {
        assert_eq!(connection.get("/hangup").await.status, 200);
    }
    assert_eq!(connection.ask(request("POST", "/echo", &[], "ping")).await.text(), "ping");
    proxy.stop().await;
}

#[tokio::test]
async fn a_request_ends_where_the_client_says() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let hidden =
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n8\r\nGET /bad\r\n0\r\n\r\n";
    let answer = raw(port, hidden).await;
    assert!(answer.contains("GET /bad") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(get(port, "/").await.text(), "blue");
    proxy.stop().await;
}

#[tokio::test]
async fn a_connection_that_still_uploads_is_not_used_by_others() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let mut hasty = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    hasty.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx").await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"blue") {
        assert_ne!(hasty.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }
    for _ in 0..4 {
        assert_eq!(get(port, "/").await.text(), "blue");
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_slot_that_does_not_answer_is_told_apart() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], free_port()));
    let routes =
        vec![with(to_slot(port, "blue", blue.address), |spec| spec.response_timeout_ms = 50), below("/nobody", to_slot(port, "nobody", nobody))];
    proxy.put(routes).await.unwrap();
    for (path, expect) in [("/hold", 504), ("/nobody", 502), ("/", 200)] {
        assert_eq!(get(port, path).await.status, expect, "{path}");
    }
    let counts = proxy.control.status().await.unwrap().routes.into_iter().map(|row| row.route.server_error).sum::<u64>();
    assert_eq!(counts, 2);
    proxy.stop().await;
}

#[tokio::test]
async fn a_stopping_proxy_finishes_what_it_began() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let (mut connection, mut idle) = (Connection::open(port).await, Connection::open(port).await);
    assert_eq!(idle.get("/").await.header("connection"), None);
    let slow = tokio::spawn(async move { connection.get("/hold").await });
    blue.held().await;
    proxy.control.stop().await.unwrap();
    // When nobody listens any more, all threads have heard of it.
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {}
    let last = idle.get("/").await;
    assert_eq!((last.text(), last.header("connection")), ("blue", Some("close")), "a request on its way is not lost");
    blue.release();
    let answer = slow.await.unwrap();
    assert_eq!((answer.text(), answer.header("connection")), ("blue", Some("close")));
    proxy.ended().await;
}
