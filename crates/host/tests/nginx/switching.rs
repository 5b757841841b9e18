//! From one slot to the next.

use plimsoll_host::route::Router;
use plimsoll_model::plan::PortUse;
use plimsoll_testkit::fixtures::{self, free_port};
use plimsoll_testkit::probe::{Probe, Target};

use crate::scene::{applied, ask, body, get, key, route, router, slot};
use crate::slot::Slot;

#[tokio::test]
async fn what_is_asked_after_a_switch_follows_it() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, slots) = (router(&nginx), [Slot::new("one").await, Slot::new("two").await]);
    for (round, word) in ["one", "two", "one", "two"].into_iter().enumerate() {
        applied(&router, &[route(port, slots[round % 2].upstream())]).await;
        for _ in 0..20 {
            assert_eq!(get(port).await, word);
        }
    }
    assert_eq!((router.port(port).await, router.port(free_port()).await), (Some(PortUse::Proxy), None));
    assert_eq!(router.port(nginx.foreign).await, Some(PortUse::Proxy), "it can be shared");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("there are ports");
    assert_eq!(router.port(taken.local_addr().expect("it is bound").port()).await, Some(PortUse::Other));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_switches_fail_no_request_on_a_new_connection() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, slots) = (router(&nginx), [Slot::new("one").await, Slot::new("two").await]);
    applied(&router, &[route(port, slots[0].upstream())]).await;
    let url = format!("http://127.0.0.1:{port}/");
    let probe = Probe::start(vec![Target::get("fresh", &url).fresh()], 300);
    for round in 1..=50 {
        applied(&router, &[route(port, slots[round % 2].upstream())]).await;
        router.drain(&key(), &slot(), 10_000).await.expect("it can be waited for");
    }
    let report = probe.stop().await;
    report.assert_clean();
}

#[tokio::test]
async fn the_way_back_leads_to_the_same_bytes() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, one, two) = (router(&nginx), Slot::new("one").await, Slot::new("two").await);
    applied(&router, &[route(port, one.upstream())]).await;
    let before = nginx.files();
    applied(&router, &[route(port, two.upstream())]).await;
    assert_ne!(nginx.files(), before);
    applied(&router, &[route(port, one.upstream())]).await;
    assert_eq!(nginx.files(), before);
}

#[tokio::test]
async fn a_slot_is_drained_when_its_last_request_is_answered() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, one, two) = (router(&nginx), Slot::new("one").await, Slot::new("two").await);
    applied(&router, &[route(port, one.upstream())]).await;
    let slow = tokio::spawn(async move { ask(port, "a", "/slow", "").await });
    one.asked.notified().await;
    applied(&router, &[route(port, two.upstream())]).await;
    assert_eq!(get(port).await, "two");

    router.drain(&key(), &slot(), 1).await.expect("it is given up");
    assert!(!slow.is_finished());
    one.answer.notify_one();
    router.drain(&key(), &slot(), u64::MAX).await.expect("it ends");
    assert_eq!(body(&slow.await.expect("it was answered")), "one");
}

#[tokio::test]
async fn another_daemon_finds_what_is_there() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let one = Slot::new("one").await;
    applied(&router(&nginx), &[route(port, one.upstream())]).await;
    let workers = nginx.workers();
    let router = router(&nginx);
    applied(&router, &[route(port, one.upstream())]).await;
    assert!(nginx.has_read_nothing_since(&workers), "there was nothing to do");
    assert_eq!(get(port).await, "one");
}

#[tokio::test]
async fn when_nginx_ends_it_is_told_and_the_next_one_serves_the_same() {
    let (mut nginx, port) = (fixtures::Nginx::new(), free_port());
    let (router, one, two) = (router(&nginx), Slot::new("one").await, Slot::new("two").await);
    applied(&router, &[route(port, one.upstream())]).await;
    let before = router.pid().await;
    assert!(before.is_some());
    nginx.end();
    router.lost().await;
    assert_eq!(router.pid().await, None);
    let trouble = router.apply(vec![route(port, two.upstream())]).await.expect_err("nobody starts it");
    assert!(trouble.code == "nginx-down" && trouble.help.is_some(), "{trouble:?}");
    nginx.start();
    assert_eq!(get(port).await, "one");
    applied(&router, &[route(port, two.upstream())]).await;
    assert_eq!(get(port).await, "two");
}

#[tokio::test]
async fn a_stop_takes_our_files_out_and_leaves_the_rest() {
    let (nginx, port) = (fixtures::Nginx::new(), free_port());
    let before = nginx.files();
    let (router, one) = (router(&nginx), Slot::new("one").await);
    applied(&router, &[route(port, one.upstream())]).await;
    assert_eq!(get(port).await, "one");
    router.stop().await.expect("it stops");
    assert_eq!(nginx.files(), before);
    assert!(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err(), "nobody listens there any more");
    assert_eq!(get(nginx.foreign).await, "foreign");
}
