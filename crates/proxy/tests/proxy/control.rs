//! What the daemon may rely on: a table is taken whole or not at all, never goes back, and is still there after a restart.

use std::os::unix::fs::PermissionsExt;

use plimsoll_model::route::RouteTable;
use plimsoll_proxy::ProxyError;
use plimsoll_proxy::control::ControlError;
use tokio::net::TcpStream;

use crate::support::backend::Backend;
use crate::support::client::get;
use crate::support::table::{below, to_site, to_slot, with};
use crate::support::{Proxy, free_port};

#[tokio::test]
async fn a_port_that_is_taken_changes_nothing() {
    let (mut proxy, port, other) = (Proxy::start().await, free_port(), free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let before = (proxy.control.table().await.unwrap(), std::fs::read(proxy.file("routes.json")).unwrap());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = taken.local_addr().unwrap().port();

    let routes = vec![to_slot(other, "green", blue.address), to_slot(theirs, "green", blue.address)];
    assert_eq!(proxy.put(routes).await, Err(ControlError::PortTaken { port: theirs }));

    assert_eq!((proxy.control.table().await.unwrap(), std::fs::read(proxy.file("routes.json")).unwrap()), before);
    assert_eq!(get(port, "/").await.text(), "blue");
    assert!(TcpStream::connect(("127.0.0.1", other)).await.is_err(), "the port that was free is closed again");
    proxy.stop().await;
}

#[tokio::test]
async fn a_port_shared_by_others_is_taken_too() {
    let (mut proxy, blue) = (Proxy::start().await, Backend::start("blue").await);
    let theirs = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    theirs.set_reuse_port(true).unwrap();
    theirs.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    theirs.listen(1).unwrap();
    let port = theirs.local_addr().unwrap().as_socket().unwrap().port();
    assert_eq!(proxy.put(vec![to_slot(port, "blue", blue.address)]).await, Err(ControlError::PortTaken { port }));
    proxy.stop().await;
}

#[tokio::test]
async fn a_table_never_goes_back() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    let late = proxy.table(vec![]);
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    assert_eq!(proxy.control.put(&late).await, Err(ControlError::Stale { given: 1, current: 2 }));
    assert_eq!(get(port, "/").await.text(), "blue");
    proxy.stop().await;
}

#[tokio::test]
async fn a_table_that_makes_no_sense_is_refused() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    let all = || to_slot(port, "blue", blue.address);
    let cases = [
        ("twice", vec![all(), all()]),
        ("twice, once with a final slash", vec![below("/a", all()), below("/a/", all())]),
        ("no absolute path", vec![below("a", all())]),
        ("no port", vec![with(all(), |spec| spec.matches.port = 0)]),
        ("no folder", vec![to_site(port, &proxy.file("nowhere"))]),
    ];
    for (what, routes) in cases {
        assert!(matches!(proxy.put(routes).await, Err(ControlError::Invalid { .. })), "{what}");
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_port_that_no_route_needs_is_closed() {
    let (mut proxy, port, next) = (Proxy::start().await, free_port(), free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    assert_eq!(get(port, "/").await.text(), "blue");
    proxy.put(vec![to_slot(next, "blue", blue.address)]).await.unwrap();
    assert_eq!(get(next, "/").await.text(), "blue");
    // The workers close it on their own threads; once it can be bound it is closed.
    while std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
        tokio::task::yield_now().await;
    }
    proxy.stop().await;
}

#[tokio::test]
async fn a_restarted_proxy_serves_what_it_served() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let table = proxy.control.table().await.unwrap();
    let proxy = Proxy::start_in(proxy.stop().await).await.unwrap();
    assert_eq!(get(port, "/").await.text(), "blue");
    assert_eq!(proxy.control.table().await.unwrap(), table);
    proxy.stop().await;
}

#[tokio::test]
async fn what_was_lost_keeps_nothing_else_from_being_served() {
    let (mut proxy, port, lost) = (Proxy::start().await, free_port(), free_port());
    let (blue, green, site) = (Backend::start("blue").await, Backend::start("green").await, tempfile::tempdir().unwrap());
    let others = || vec![to_slot(lost, "blue", blue.address), below("/site", to_site(port, site.path()))];
    let routes = |backend: &Backend| [others(), vec![to_slot(port, "one", backend.address)]].concat();
    proxy.put(routes(&blue)).await.unwrap();
    let folder = proxy.stop().await;
    let _thief = std::net::TcpListener::bind(("127.0.0.1", lost)).unwrap();
    std::fs::remove_dir(site.path()).unwrap();

    let mut proxy = Proxy::start_in(folder).await.unwrap();
    assert_eq!(get(port, "/").await.text(), "blue");
    assert_eq!(get(port, "/site/x").await.status, 404);
    proxy.put(routes(&green)).await.unwrap();
    assert_eq!(get(port, "/").await.text(), "green");
    proxy.stop().await;
}

#[tokio::test]
async fn a_folder_has_one_proxy_and_its_socket_one_owner() {
    let proxy = Proxy::start().await;
    assert_eq!(std::fs::metadata(proxy.file("proxy.sock")).unwrap().permissions().mode() & 0o777, 0o600);
    let second = plimsoll_proxy::run(plimsoll_proxy::Options::new(proxy.folder.path().to_owned()));
    assert!(matches!(second, Err(ProxyError::Folder { .. })), "{second:?}");
    assert_eq!(proxy.control.status().await.unwrap().generation, 0);
    proxy.stop().await;
}

#[tokio::test]
async fn the_status_counts() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let blue = Backend::start("blue").await;
    proxy.put(vec![to_slot(port, "blue-1", blue.address)]).await.unwrap();
    get(port, "/").await;
    proxy.put(vec![to_slot(port, "blue-2", blue.address)]).await.unwrap();
    get(port, "/").await;
    let slow = tokio::spawn(async move { get(port, "/hold").await });
    blue.held().await;

    let status = proxy.control.status().await.unwrap();
    let (route, slot) = (status.routes[0].route, status.routes[0].slot.unwrap());
    assert_eq!((status.generation, route.requests, route.success, route.in_flight), (2, 3, 2, 1), "over the switch");
    assert_eq!((slot.requests, slot.success, slot.in_flight), (2, 1, 1), "since the switch");
    blue.release();
    slow.await.unwrap();
    proxy.stop().await;
}

#[tokio::test]
async fn nobody_at_the_socket_is_said_so() {
    let folder = Proxy::start().await.stop().await;
    let client = plimsoll_proxy::control::Client::new(folder.path().join("proxy.sock"));
    assert!(matches!(client.status().await, Err(ControlError::Unreachable { .. })));
}

#[test]
fn whatever_is_said_at_the_control_socket_changes_nothing_by_half() {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut proxy, port, blue) = runtime.block_on(async { (Proxy::start().await, free_port(), Backend::start("blue").await) });
    runtime.block_on(proxy.put(vec![to_slot(port, "blue", blue.address)])).unwrap();
    let next = serde_json::to_vec(&proxy.table(vec![to_slot(port, "green", blue.address)])).unwrap();
    let (socket, folder) = (proxy.file("proxy.sock"), proxy.folder.path().to_owned());
    let change = (any::<prop::sample::Index>(), 0..40_usize, prop::collection::vec(any::<u8>(), 0..6));
    let said = (prop::sample::select(vec!["PUT /v1/table", "POST /v1/drain", "GET /v1/status", "GET /v1/other", "PUT /v2/table"]), change);
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        failure_persistence: None,
        max_shrink_iters: 50,
        cases: 64,
        ..Default::default()
    });
    let outcome = runner.run(&said, |(line, (at, out, bytes))| {
        let mut body = next.clone();
        let at = at.index(body.len());
        body.splice(at..next.len().min(at + out), bytes);
        let answer = runtime.block_on(async {
            let mut stream = tokio::net::UnixStream::connect(&socket).await.unwrap();
            let head = format!("{line} HTTP/1.1\r\nHost: proxy\r\nContent-Length: {}\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        });
        prop_assert!(answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 409"), "{}", answer);
        let (served, kept) = (runtime.block_on(proxy.control.table()).unwrap(), std::fs::read(folder.join("routes.json")).unwrap());
        let kept: RouteTable = serde_json::from_slice(kept.splitn(2, |byte| *byte == b'\n').nth(1).unwrap()).unwrap();
        prop_assert_eq!(served, kept);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    runtime.block_on(proxy.stop());
}

#[tokio::test]
async fn what_retired_proxies_left_behind_keeps_no_table_from_being_served() {
    let (mut proxy, port, blue) = (Proxy::start().await, free_port(), Backend::start("blue").await);
    let (dead, odd) = (proxy.file("retired-1.sock"), proxy.file("retired-2.sock"));
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    let listener = tokio::net::UnixListener::bind(&odd).unwrap();
    // Someone who hangs up on everyone is not a proxy that could lead anybody astray.
    let hangs_up = tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    assert_eq!(get(port, "/").await.text(), "blue");
    assert!(!dead.exists(), "nobody is there to be told ever again");
    assert_eq!(proxy.control.drain("green", 60_000).await.unwrap().remaining, 0);
    hangs_up.abort();
    proxy.stop().await;
}
