//! A switch loses no request and closes no connection, and a drain waits for all that is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use hyper_util::rt::TokioIo;
use plimsoll_proxy::control::{ControlError, Drained};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::backend::Backend;
use crate::support::client::{Connection, get, request};
use crate::support::table::to_slot;
use crate::support::{Proxy, free_port};

const LONG: u64 = 60_000;

/// Requests until told to stop, on a connection that is kept or on new ones; gives back what was not answered right.
async fn load(port: u16, keep: bool, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> Vec<String> {
    let (mut wrong, mut connection) = (Vec::new(), Connection::open(port).await);
    while !stop.load(SeqCst) {
        if !keep {
            connection = Connection::open(port).await;
        }
        let method = if done.fetch_add(1, SeqCst).is_multiple_of(3) { "POST" } else { "GET" };
        match connection.try_ask(request(method, "/echo", &[], "ping")).await {
            Ok(answer) if answer.status == 200 && answer.text() == "ping" => {}
            other => wrong.push(format!("{other:?}")),
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_and_none_reaches_a_drained_slot() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let sides = [Backend::start("blue").await, Backend::start("green").await];
    proxy.put(vec![to_slot(port, "slot-0", sides[0].address)]).await.unwrap();
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..6).map(|n| tokio::spawn(load(port, n % 2 == 0, Arc::clone(&stop), Arc::clone(&done)))).collect();

    for switch in 1..=60 {
        let before = done.load(SeqCst);
        sides[switch % 2].retire(false);
        proxy.put(vec![to_slot(port, &format!("slot-{switch}"), sides[switch % 2].address)]).await.unwrap();
        let drained = proxy.control.drain(&format!("slot-{}", switch - 1), LONG).await.unwrap();
        assert_eq!(drained, Drained { remaining: 0 });
        sides[(switch + 1) % 2].retire(true);
        while done.load(SeqCst) < before + 20 {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, SeqCst);
    for client in clients {
        assert_eq!(client.await.unwrap(), Vec::<String>::new());
    }
    assert!(done.load(SeqCst) >= 60 * 20);
    proxy.stop().await;
}

#[tokio::test]
async fn a_drain_waits_for_a_slow_request() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let (blue, green) = (Backend::start("blue").await, Backend::start("green").await);
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    assert_eq!(proxy.control.drain("blue", LONG).await, Err(ControlError::StillRouted { slot: "blue".into() }));
    let slow = tokio::spawn(async move { get(port, "/hold").await });
    blue.held().await;

    proxy.put(vec![to_slot(port, "green", green.address)]).await.unwrap();
    assert_eq!(get(port, "/").await.text(), "green");
    assert_eq!(proxy.control.drain("blue", 0).await.unwrap(), Drained { remaining: 1 });
    let control = proxy.control.clone();
    let drain = tokio::spawn(async move { control.drain("blue", LONG).await.unwrap() });
    assert!(!drain.is_finished());
    blue.release();

    assert_eq!(slow.await.unwrap().text(), "blue");
    assert_eq!(drain.await.unwrap(), Drained { remaining: 0 });
    assert_eq!(proxy.control.drain("never-heard-of", LONG).await.unwrap(), Drained { remaining: 0 });
    proxy.stop().await;
}

#[tokio::test]
async fn an_answer_that_has_begun_is_under_way_until_its_last_byte() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let (blue, green) = (Backend::start("blue").await, Backend::start("green").await);
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let mut connection = Connection::open(port).await;
    let mut answer = connection.begin(request("GET", "/trickle", &[], "")).await.unwrap().into_body();
    let first = http_body_util::BodyExt::frame(&mut answer).await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "first", "the first piece is not kept back for the second");

    proxy.put(vec![to_slot(port, "green", green.address)]).await.unwrap();
    assert_eq!(proxy.control.drain("blue", 0).await.unwrap(), Drained { remaining: 1 });
    blue.release();
    let rest = http_body_util::BodyExt::collect(answer).await.unwrap().to_bytes();

    assert_eq!(rest, "second");
    assert_eq!(proxy.control.drain("blue", LONG).await.unwrap(), Drained { remaining: 0 });
    proxy.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_no_longer_counts() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let (blue, green) = (Backend::start("blue").await, Backend::start("green").await);
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let slow = tokio::spawn(async move { get(port, "/hold").await });
    blue.held().await;
    proxy.put(vec![to_slot(port, "green", green.address)]).await.unwrap();
    slow.abort();
    assert_eq!(proxy.control.drain("blue", LONG).await.unwrap(), Drained { remaining: 0 });
    proxy.stop().await;
}

#[tokio::test]
async fn a_kept_connection_survives_a_switch() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let (blue, green) = (Backend::start("blue").await, Backend::start("green").await);
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let mut connection = Connection::open(port).await;
    assert_eq!(connection.get("/").await.text(), "blue");
    proxy.put(vec![to_slot(port, "green", green.address)]).await.unwrap();
    assert_eq!(connection.get("/").await.text(), "green");
    assert_eq!((blue.requests(), green.requests()), (1, 1));
    proxy.stop().await;
}

#[tokio::test]
async fn a_tunnel_survives_a_switch_and_is_waited_for() {
    let (mut proxy, port) = (Proxy::start().await, free_port());
    let (blue, green) = (Backend::start("blue").await, Backend::start("green").await);
    proxy.put(vec![to_slot(port, "blue", blue.address)]).await.unwrap();
    let mut connection = Connection::open(port).await;
    let response = connection.begin(request("GET", "/socket", &[("connection", "Upgrade"), ("upgrade", "echo")], "")).await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["upgrade"].to_str().unwrap()), (101, "echo"));
    let mut tunnel = TokioIo::new(hyper::upgrade::on(response).await.unwrap());

    proxy.put(vec![to_slot(port, "green", green.address)]).await.unwrap();
    assert_eq!(proxy.control.drain("blue", 0).await.unwrap(), Drained { remaining: 1 });
    tunnel.write_all(b"still there?").await.unwrap();
    let mut echo = [0; 12];
    tunnel.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"still there?");

    drop(tunnel);
    assert_eq!(proxy.control.drain("blue", LONG).await.unwrap(), Drained { remaining: 0 });
    proxy.stop().await;
}
