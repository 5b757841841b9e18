//! One proxy takes the place of another, as in an upgrade: no request fails, no connection is cut, no switch is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use plimsoll_keeper::{Command, KeeperError};
use plimsoll_proxy::control::Drained;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::backend::Backend;
use crate::support::client::{Connection, get, request};
use crate::support::free_port;
use crate::support::kept::{Kept, program, spec};
use crate::support::table::to_slot;

/// Clients that ask until they are told to stop, each in its own way.
struct Load {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    /// Two clients with kept connections, two with fresh ones, and one that speaks HTTP/2.
    fn start(port: u16) -> Self {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let one = |keep| tokio::spawn(ask_on(port, keep, Arc::clone(&stop), Arc::clone(&done)));
        let mut clients: Vec<_> = [true, true, false, false].into_iter().map(one).collect();
        clients.push(tokio::spawn(ask_multiplexed(port, Arc::clone(&stop), Arc::clone(&done))));
        Self { stop, done, clients }
    }

    /// Waits for so many more answers.
    async fn more(&self, answers: usize) {
        let enough = self.done.load(SeqCst) + answers;
        while self.done.load(SeqCst) < enough {
            tokio::task::yield_now().await;
        }
    }

    /// What was not answered right.
    async fn end(self) -> Vec<String> {
        self.stop.store(true, SeqCst);
        let mut wrong = Vec::new();
        for client in self.clients {
            wrong.extend(client.await.unwrap());
        }
        wrong
    }
}

async fn ask_on(port: u16, keep: bool, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> Vec<String> {
    let (mut wrong, mut kept) = (Vec::new(), None);
    while !stop.load(SeqCst) {
        let mut open = match kept.take() {
            Some(open) if keep => open,
            _ => Connection::open(port).await,
        };
        match open.try_ask(request("POST", "/echo", &[], "ping")).await {
            Ok(answer) if answer.text() == "ping" => kept = (answer.header("connection") != Some("close")).then_some(open),
            other => wrong.push(format!("{other:?}")),
        }
        done.fetch_add(1, SeqCst);
    }
    wrong
}

type Sender = hyper::client::conn::http2::SendRequest<Full<Bytes>>;

async fn multiplexed(port: u16) -> Sender {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// After GOAWAY a client asks over a new connection; what was taken before that is answered.
async fn ask_multiplexed(port: u16, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) -> Vec<String> {
    let (mut wrong, mut sender) = (Vec::new(), multiplexed(port).await);
    while !stop.load(SeqCst) {
        let post = http::Request::post("http://shop.example/echo").body(Full::new(Bytes::from_static(b"ping"))).unwrap();
        match sender.try_send_request(post).await {
            Ok(answer) => match answer.into_body().collect().await.map(|body| body.to_bytes()) {
                Ok(body) if body == "ping" => drop(done.fetch_add(1, SeqCst)),
                other => wrong.push(format!("{other:?}")),
            },
            Err(error) if error.message().is_some() || was_not_taken(error.error()) => sender = multiplexed(port).await,
            Err(error) => wrong.push(format!("{:?}", error.into_error())),
        }
    }
    wrong
}

/// GOAWAY without a fault ends only what was not taken (RFC 9113, 6.8): the client asks again, whatever the method.
fn was_not_taken(error: &hyper::Error) -> bool {
    format!("{error:?}").contains("GoAway(b\"\", NO_ERROR, Remote)")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_and_switches_under_load_lose_no_request() {
    let (kept, port) = (Kept::start().await, free_port());
    let sides = [Backend::start("blue").await, Backend::start("green").await];
    kept.put(vec![to_slot(port, "slot-0", sides[0].address)]).await;
    let load = Load::start(port);
    load.more(200).await;
    for round in 1..=6 {
        let before = kept.ready().await;
        kept.upgrade().await;
        assert_ne!(kept.ready().await, before);
        // The slot that is switched away from is gone at once, also for those who still talk to the proxy before.
        kept.put(vec![to_slot(port, &format!("slot-{round}"), sides[round % 2].address)]).await;
        assert_eq!(kept.control.drain(&format!("slot-{}", round - 1), 60_000).await.unwrap(), Drained { remaining: 0 });
        sides[(round + 1) % 2].retire(true);
        load.more(200).await;
        sides[(round + 1) % 2].retire(false);
    }
    let done = Arc::clone(&load.done);
    assert_eq!(load.end().await, Vec::<String>::new());
    assert_eq!(sides.iter().map(Backend::requests).sum::<usize>(), done.load(SeqCst), "what was answered once was asked once");
}

#[tokio::test]
async fn what_was_begun_is_finished_by_the_one_that_began_it() {
    let (kept, port, blue) = (Kept::start().await, free_port(), Backend::start("blue").await);
    let green = Backend::start("green").await;
    kept.put(vec![to_slot(port, "blue", blue.address)]).await;
    let mut idle = Connection::open(port).await;
    assert_eq!(idle.get("/").await.header("connection"), None);
    let slow = tokio::spawn(async move { get(port, "/hold").await });
    blue.held().await;
    let mut tunnel = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tunnel.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n").await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        assert_ne!(tunnel.read_buf(&mut seen).await.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
    }

    kept.upgrade().await;
    kept.put(vec![to_slot(port, "green", green.address)]).await;
    assert_eq!(get(port, "/").await.text(), "green");
    let told = idle.get("/").await;
    assert_eq!((told.text(), told.header("connection")), ("green", Some("close")), "it follows the switch, and tells the client to go");
    assert_eq!(kept.control.drain("blue", 0).await.unwrap(), Drained { remaining: 2 }, "the slow request and the tunnel");
    let control = kept.control.clone();
    let drain = tokio::spawn(async move { control.drain("blue", 60_000).await.unwrap() });
    blue.release();
    assert_eq!(slow.await.unwrap().text(), "blue");
    tunnel.write_all(b"still").await.unwrap();
    let mut echo = [0; 5];
    tunnel.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo, b"still");
    drop(tunnel);
    assert_eq!(drain.await.unwrap(), Drained { remaining: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_that_fails_costs_nothing() {
    let (kept, port, blue) = (Kept::start().await, free_port(), Backend::start("blue").await);
    kept.put(vec![to_slot(port, "blue", blue.address)]).await;
    let load = Load::start(port);
    let serving = kept.ready().await;
    let folder = kept.folder.path();
    let mut broken = spec(folder);
    broken.command = Command::Program { path: "/bin/false".into(), args: Vec::new() };
    let mut missing = spec(folder);
    missing.command = Command::Program { path: folder.join("no-such-program"), args: Vec::new() };
    for spec in [broken, missing] {
        let refused = kept.upgrade_to(&spec).await;
        assert!(matches!(refused, Err(KeeperError::NotReplaced { .. })), "{refused:?}");
    }
    // One that cannot read the state says so before it is too late.
    let (state, newer) = (folder.join("routes.json"), folder.join("routes.json.newer"));
    std::fs::rename(&state, &newer).unwrap();
    let version = 1_000_000_u32;
    let checksum = blake3::Hasher::new().update(&version.to_le_bytes()).update(b"{}").finalize().to_hex();
    std::fs::write(&state, format!("{{\"version\":{version},\"blake3\":\"{checksum}\"}}\n{{}}")).unwrap();
    let refused = kept.upgrade_to(&spec(folder)).await;
    assert!(matches!(refused, Err(KeeperError::NotReplaced { .. })), "{refused:?}");
    kept.logs("newer Plimsoll").await;
    std::fs::rename(&newer, &state).unwrap();

    assert_eq!(kept.ready().await, serving);
    load.more(200).await;
    kept.put(vec![to_slot(port, "other", blue.address)]).await;
    kept.upgrade().await;
    assert_ne!(kept.ready().await, serving);
    load.more(200).await;
    assert_eq!(load.end().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_proxy_that_dies_just_before_it_is_replaced_is_replaced_all_the_same() {
    let (kept, port, blue) = (Kept::start().await, free_port(), Backend::start("blue").await);
    kept.put(vec![to_slot(port, "blue", blue.address)]).await;
    let serving = rustix::process::Pid::from_raw(kept.ready().await as i32).unwrap();
    // It does not let go, so the next one stays prepared until it is killed.
    rustix::process::kill_process(serving, rustix::process::Signal::STOP).unwrap();
    let waiting = tokio::spawn(async move { get(port, "/").await });
    let (keeper, next) = (kept.keeper.clone(), spec(kept.folder.path()));
    let upgrade = tokio::spawn(async move { keeper.replace(&next, plimsoll_keeper::Patience { ready_ms: 60_000, retire_ms: 60_000 }).await });
    kept.keeper.watch().wait_for(|state| state.replacement.is_some()).await.unwrap();
    rustix::process::kill_process(serving, rustix::process::Signal::KILL).unwrap();
    upgrade.await.unwrap().unwrap();
    // A connection that the dead one had not taken yet is the next one's; whether it had is the kernel's secret.
    drop(waiting);
    assert_eq!(get(port, "/").await.text(), "blue");
    assert!(program().exists());
}
