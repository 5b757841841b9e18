//! TLS as clients see it: which certificate they are shown, what is spoken, and that neither a new certificate nor a new proxy is noticed.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use plimsoll_model::route::Route;
use plimsoll_proxy::control::ControlError;
use rustls::HandshakeKind;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::backend::Backend;
use crate::support::client::{Connection, raw, request};
use crate::support::kept::Kept;
use crate::support::table::{at_host, to_site, to_slot};
use crate::support::tls::{Issued, Load, client, connect, issue, plain_client};
use crate::support::{Proxy, free_port};

/// A proxy whose routes on a port of their own lead to `blue`.
struct Scene {
    proxy: Proxy,
    port: u16,
    plain: u16,
    blue: Backend,
}

impl Scene {
    async fn start() -> Self {
        Self { proxy: Proxy::start().await, port: free_port(), plain: free_port(), blue: Backend::start("blue").await }
    }

    fn route(&self, host: Option<&str>, issued: Option<&Issued>) -> Route {
        let route = to_slot(self.port, "blue", self.blue.address);
        let route = match host {
            Some(host) => at_host(host, route),
            None => route,
        };
        match issued {
            Some(issued) => issued.for_route(self.proxy.folder.path(), route, Some(self.plain)),
            None => route,
        }
    }

    async fn serve(&mut self, routes: Vec<Route>) {
        self.proxy.put(routes).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_is_shown_the_certificate_of_the_host_that_it_names() {
    let mut scene = Scene::start().await;
    let [a, b, any] = [&["a.example"][..], &["*.example", "b.example"], &["c.example", "127.0.0.1"]].map(issue);
    let named = vec![scene.route(Some("A.example"), Some(&a)), scene.route(Some("b.example"), Some(&b))];
    let with_any = [named.clone(), vec![scene.route(None, Some(&any))]].concat();
    for (routes, host, expect) in [
        (&named, "a.example", Some(&a)),
        (&named, "b.example", Some(&b)),
        // It would be covered, and is not served.
        (&named, "x.b.example", None),
        (&with_any, "b.example", Some(&b)),
        (&with_any, "c.example", Some(&any)),
        // Who asks for an address names no host.
        (&with_any, "127.0.0.1", Some(&any)),
    ] {
        scene.serve(routes.clone()).await;
        let trusted: Vec<&Issued> = expect.into_iter().collect();
        let shaken = connect(scene.port, host, &plain_client(&trusted)).await;
        assert_eq!(shaken.is_ok(), expect.is_some(), "{host}: {shaken:?}");
    }
    scene.proxy.stop().await;
}

#[tokio::test]
async fn both_versions_of_tls_carry_both_versions_of_http() {
    let mut scene = Scene::start().await;
    let shop = issue(&["shop.example"]);
    scene.serve(vec![scene.route(Some("shop.example"), Some(&shop))]).await;
    for (version, offered, expect) in
        [(&TLS12, &["http/1.1"][..], "http/1.1"), (&TLS12, &["h2"], "h2"), (&TLS13, &["http/1.1"], "http/1.1"), (&TLS13, &["http/1.1", "h2"], "h2")]
    {
        let stream = connect(scene.port, "shop.example", &client(&[&shop], &[version], offered)).await.unwrap();
        let session = stream.get_ref().1;
        assert_eq!((session.protocol_version(), session.alpn_protocol()), (Some(version.version), Some(expect.as_bytes())));
        let (status, hsts, told) = if expect == "h2" { over_http2(stream).await } else { over_http1(stream).await };
        assert_eq!((status, hsts.as_deref()), (200, Some("max-age=600")), "{version:?} {expect}");
        let headers = &told["headers"];
        assert_eq!((&headers["x-forwarded-proto"], &headers["x-forwarded-host"]), (&"https".into(), &"shop.example".into()), "{told}");
    }
    scene.proxy.stop().await;
}

type Told = (u16, Option<String>, serde_json::Value);
type Stream = tokio_rustls::client::TlsStream<TcpStream>;

async fn over_http1(stream: Stream) -> Told {
    let answer = Connection::over(stream).await.get("/head").await;
    (answer.status.as_u16(), answer.header("strict-transport-security").map(str::to_owned), answer.json())
}

async fn over_http2(stream: Stream) -> Told {
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let answer = sender.send_request(http::Request::get("https://shop.example/head").body(Full::<Bytes>::default()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let hsts = parts.headers.get("strict-transport-security").map(|value| value.to_str().unwrap().to_owned());
    (parts.status.as_u16(), hsts, serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap())
}

#[tokio::test]
async fn who_comes_without_tls_is_sent_on_or_told_so() {
    let mut scene = Scene::start().await;
    let shop = issue(&["shop.example"]);
    // A route without TLS may share the port: a switch from one to the other passes through that.
    scene.serve(vec![scene.route(Some("shop.example"), Some(&shop)), scene.route(Some("plain.example"), None)]).await;
    let to = format!("https://shop.example:{}", scene.port);
    for (port, host, path, status, location) in [
        (scene.plain, "shop.example", "/a?b=c", 308, Some(format!("{to}/a?b=c"))),
        (scene.plain, "other.example", "/", 404, None),
        (scene.plain, "shop.example", "/.well-known/acme-challenge/x", 200, None),
        (scene.port, "shop.example", "/", 400, None),
        (scene.port, "plain.example", "/", 200, None),
    ] {
        let answer = Connection::open(port).await.ask(request("GET", path, &[("host", host)], "")).await;
        let told = (answer.status.as_u16(), answer.header("location").map(str::to_owned), answer.header("strict-transport-security"));
        assert_eq!(told, (status, location, None), "{host}{path} at {port}: {}", answer.text());
    }
    let kept = Connection::open(scene.plain).await.ask(request("POST", "/", &[], "body")).await;
    assert_eq!(kept.status, 308);
    assert!(raw(scene.port, "GET / HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n\r\n").await.contains("https://"));
    scene.proxy.stop().await;
}

#[tokio::test]
async fn what_the_service_says_of_hsts_counts() {
    let (mut scene, folder) = (Scene::start().await, tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("index.html"), "hello").unwrap();
    let shop = issue(&["shop.example"]);
    let site = shop.for_route(scene.proxy.folder.path(), to_site(scene.port, folder.path()), None);
    scene.serve(vec![site]).await;
    let stream = connect(scene.port, "shop.example", &plain_client(&[&shop])).await.unwrap();
    let answer = Connection::over(stream).await.get("/").await;
    assert_eq!((answer.text(), answer.header("strict-transport-security")), ("hello", Some("max-age=600")));
    scene.proxy.stop().await;
}

#[tokio::test]
async fn who_does_not_shake_hands_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start_with(folder, |options| options.head = std::time::Duration::from_millis(100)).await.unwrap();
    let mut scene = Scene { proxy, port: free_port(), plain: free_port(), blue: Backend::start("blue").await };
    let shop = issue(&["shop.example"]);
    scene.serve(vec![scene.route(Some("shop.example"), Some(&shop))]).await;
    // Nothing; the beginning of a handshake; a handshake and no request.
    for sent in [&b""[..], &[0x16], &[0x16, 3, 1, 2, 0, 1, 0]] {
        let mut stream = TcpStream::connect(("127.0.0.1", scene.port)).await.unwrap();
        stream.write_all(sent).await.unwrap();
        assert_eq!(stream.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0, "{sent:?}");
    }
    let mut silent = connect(scene.port, "shop.example", &plain_client(&[&shop])).await.unwrap();
    assert_eq!(silent.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0);
    scene.proxy.stop().await;
}

#[tokio::test]
async fn a_session_is_resumed_whichever_thread_takes_it_and_across_tables() {
    let mut scene = Scene::start().await;
    let shop = issue(&["shop.example"]);
    for version in [&TLS12, &TLS13] {
        let config = client(&[&shop], &[version], &["http/1.1"]);
        for round in 0..8 {
            scene.serve(vec![scene.route(Some("shop.example"), Some(&shop))]).await;
            let stream = connect(scene.port, "shop.example", &config).await.unwrap();
            let expect = if round == 0 { HandshakeKind::Full } else { HandshakeKind::Resumed };
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(expect), "{version:?} {round}");
            // The ticket comes with the answer.
            assert_eq!(Connection::over(stream).await.get("/").await.text(), "blue");
        }
    }
    scene.proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_under_load_costs_no_request() {
    let mut scene = Scene::start().await;
    let issued: Vec<Issued> = (0..2).map(|_| issue(&["shop.example"])).collect();
    scene.serve(vec![scene.route(Some("shop.example"), Some(&issued[0]))]).await;
    let load = Load::start(scene.port, &plain_client(&[&issued[0], &issued[1]]));
    for round in 1..=30 {
        let shown = &issued[round % 2];
        scene.serve(vec![scene.route(Some("shop.example"), Some(shown))]).await;
        assert!(connect(scene.port, "shop.example", &plain_client(&[shown])).await.is_ok(), "round {round}");
        load.more(20).await;
    }
    assert_eq!(load.end().await, Vec::<String>::new());
    scene.proxy.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_proxy_takes_over_under_load_with_tls() {
    let (kept, port, blue) = (Kept::start().await, free_port(), Backend::start("blue").await);
    let shop = issue(&["shop.example"]);
    let route = at_host("shop.example", to_slot(port, "blue", blue.address));
    kept.put(vec![shop.for_route(kept.folder.path(), route, Some(free_port()))]).await;
    let load = Load::start(port, &plain_client(&[&shop]));
    load.more(50).await;
    for _ in 0..4 {
        let before = kept.ready().await;
        kept.upgrade().await;
        assert_ne!(kept.ready().await, before);
        load.more(50).await;
    }
    assert_eq!(load.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_certificate_that_is_lost_costs_its_own_route_alone() {
    let mut scene = Scene::start().await;
    let (shop, other) = (issue(&["shop.example"]), issue(&["other.example"]));
    let (first, second) = (scene.route(Some("shop.example"), Some(&shop)), scene.route(Some("other.example"), Some(&other)));
    let file = first.certificate.clone().unwrap();
    let text = std::fs::read(&file).unwrap();
    let table = vec![first.clone(), second.clone()];

    std::fs::remove_file(&file).unwrap();
    let refused = scene.proxy.put(table.clone()).await;
    assert!(matches!(&refused, Err(ControlError::Certificate { reason, .. }) if reason.contains(file.to_str().unwrap())), "{refused:?}");
    std::fs::write(&file, &text).unwrap();
    scene.proxy.put(table.clone()).await.unwrap();
    let (port, state) = (scene.port, scene.proxy.file("routes.json"));
    assert!(!std::fs::read_to_string(state).unwrap().contains("PRIVATE"));

    // A key of another certificate is as good as none.
    let folder = scene.proxy.stop().await;
    std::fs::copy(second.certificate.as_ref().unwrap(), &file).unwrap();
    let mut proxy = Proxy::start_in(folder).await.unwrap();
    assert!(connect(port, "shop.example", &plain_client(&[&shop, &other])).await.is_err());
    assert!(connect(port, "other.example", &plain_client(&[&other])).await.is_ok());
    let told: Vec<bool> = proxy.control.status().await.unwrap().routes.iter().map(|route| route.tls_trouble.is_some()).collect();
    assert_eq!(told, [true, false]);

    // It keeps nothing else from being switched, and is found again as soon as it is there.
    proxy.put(table.clone()).await.unwrap();
    std::fs::write(&file, &text).unwrap();
    proxy.put(table).await.unwrap();
    assert!(connect(port, "shop.example", &plain_client(&[&shop])).await.is_ok());
    proxy.stop().await;
}
