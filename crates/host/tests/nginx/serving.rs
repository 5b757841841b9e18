//! What a slot is asked, and which one.

use plimsoll_testkit::fixtures::{self, free_port};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::scene::{applied, ask, below, body, route, router};
use crate::slot::Slot;

#[tokio::test]
async fn hosts_and_paths_lead_to_their_slots() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (any, web, api) = (Slot::new("any").await, Slot::new("web").await, Slot::new("api").await);
    let mut stripped = below(route(port, api.upstream()), "api", Some("shop.example"), "/api");
    stripped.spec.strip_prefix = true;
    let routes =
        [below(route(port, any.upstream()), "any", None, "/"), below(route(port, web.upstream()), "web", Some("web.example"), "/"), stripped];
    applied(&router(&nginx), &routes).await;
    for (host, path, expect) in [
        ("web.example", "/", "web"),
        ("Web.Example:80", "/", "web"),
        ("other.example", "/", "any"),
        ("shop.example", "/", "any"),
        ("shop.example", "/api", "api"),
        ("shop.example", "/api/", "api"),
        ("shop.example", "/apix", "GET /apix"),
        ("shop.example", "/api/a%2Fb//c?d=%20", "GET /a%2Fb//c?d=%20"),
        ("web.example", "/a%2Fb/../c?d", "GET /a%2Fb/../c?d"),
    ] {
        let answer = body(&ask(port, host, path, "").await);
        assert_eq!(answer.lines().next(), Some(expect), "{host}{path}");
    }
}

#[tokio::test]
async fn a_port_without_a_route_for_all_takes_its_hosts_only() {
    let (nginx, port, web) = (fixtures::Nginx::new(), free_port(), Slot::new("web").await);
    applied(&router(&nginx), &[below(route(port, web.upstream()), "web", Some("web.example"), "/app")]).await;
    for (host, path, expect) in [("web.example", "/app/x", "200"), ("web.example", "/", "404"), ("x.example", "/app", "404")] {
        let answer = ask(port, host, path, "").await;
        assert_eq!(answer.split(' ').nth(1), Some(expect), "{host}{path}");
        assert!(!answer.contains("nginx/"), "it tells its version: {answer}");
    }
}

#[tokio::test]
async fn a_slot_is_told_who_asks() {
    let (nginx, port, web) = (fixtures::Nginx::new(), free_port(), Slot::new("web").await);
    let mut stripped = below(route(port, web.upstream()), "api", None, "/api");
    stripped.spec.strip_prefix = true;
    applied(&router(&nginx), &[route(port, web.upstream()), stripped]).await;
    let here = body(&ask(port, "a.example:81", "/x", "te: gzip\r\nupgrade: h2c\r\nx: y\r\n").await);
    let lines: Vec<&str> = here.lines().skip(1).collect();
    assert_eq!(lines, ["host: a.example:81", "x-forwarded-for: 127.0.0.1", "x-forwarded-host: a.example:81", "x-forwarded-proto: http", "x: y"]);

    // Another proxy on this machine is believed.
    let said = "x-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: https\r\nx-forwarded-host: b\r\nforwarded: for=c\r\nx-forwarded-prefix: /p\r\n";
    let lines = body(&ask(port, "a", "/x", said).await);
    let expect = [
        "forwarded: for=c",
        "host: a",
        "x-forwarded-for: 192.0.2.7, 127.0.0.1",
        "x-forwarded-host: b",
        "x-forwarded-prefix: /p",
        "x-forwarded-proto: https",
    ];
    assert_eq!(lines.lines().skip(1).collect::<Vec<_>>(), expect);
    assert!(body(&ask(port, "a", "/api/x", said).await).contains("x-forwarded-prefix: /api"));
}

#[tokio::test]
async fn protocols_are_changed() {
    let (nginx, port, web) = (fixtures::Nginx::new(), free_port(), Slot::new("web").await);
    applied(&router(&nginx), &[route(port, web.upstream())]).await;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the port is open");
    stream.write_all(b"GET /tunnel HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: words\r\n\r\n").await.expect("it is read");
    let mut said = String::new();
    stream.read_to_string(&mut said).await.expect("it is text");
    assert!(said.starts_with("HTTP/1.1 101") && said.ends_with("word in the tunnel"), "{said}");
}
