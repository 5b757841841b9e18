//! Routes, with a real keeper and a real proxy: what becomes of them when processes die, files are damaged, ports are taken and builds are
//! replaced.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use plimsoll_host::Trouble;
use plimsoll_host::route::{Router, slot_name};
use plimsoll_model::plan::PortUse;
use plimsoll_model::route::Upstream;
use plimsoll_testkit::fixtures::free_port;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use crate::scene::{Scene, applied, get, key, kill, roles, route, slot};

/// Its code, and all that it says.
fn told(trouble: &Trouble) -> (&str, String) {
    (&trouble.code, format!("{} {} {}", trouble.message, trouble.help.clone().unwrap_or_default(), trouble.output.join("\n")))
}

#[tokio::test]
async fn a_proxy_over_a_damaged_state_is_told_of_its_routes_again() {
    for damaged in [&["routes.json"][..], &["routes.json", "routes.json.last"]] {
        let (scene, port, new) = (Scene::new(), free_port(), free_port());
        let router = scene.router(&roles());
        applied(&router, vec![scene.site(port, "one")]).await;
        applied(&router, vec![scene.site(port, "two"), scene.site(new, "two")]).await;
        let pid = router.pid().await;
        damaged.iter().for_each(|name| std::fs::write(scene.proxy_file(name), "{").expect("the file is there"));
        kill(pid.expect("a proxy serves"));
        scene.serves_after(pid).await;
        // No state that is left knows this port: its connections wait for who does.
        assert_eq!(get(new).await, "two", "{damaged:?}");
        assert_eq!(get(port).await, "two", "{damaged:?}");
    }
}

#[tokio::test]
async fn a_switch_goes_through_while_the_proxy_is_killed() {
    let (scene, port) = (Scene::new(), free_port());
    let router = scene.router(&roles());
    for word in ["one", "two", "three"] {
        applied(&router, vec![scene.site(port, word)]).await;
        kill(router.pid().await.expect("a proxy serves"));
        applied(&router, vec![scene.site(port, &format!("{word} again"))]).await;
        assert_eq!(get(port).await, format!("{word} again"));
    }
}

#[tokio::test]
async fn a_keeper_that_is_killed_is_told_and_the_next_table_brings_another() {
    let (scene, port) = (Scene::new(), free_port());
    let router = scene.router(&roles());
    applied(&router, vec![scene.site(port, "one")]).await;
    let keeper = router.keeper().await;
    kill(keeper.expect("the proxy has one"));
    router.lost().await;
    applied(&router, vec![scene.site(port, "two")]).await;
    assert_eq!(get(port).await, "two");
    assert_ne!(router.keeper().await, keeper);
}

#[tokio::test]
async fn a_proxy_of_another_build_is_replaced_once() {
    let (scene, port) = (Scene::new(), free_port());
    applied(&scene.router(&roles()), vec![scene.site(port, "one")]).await;
    let successor = scene.router(&scene.copy(&roles()));
    let before = successor.pid().await;
    assert_eq!((successor.upgrade().await, successor.upgrade().await), (Ok(true), Ok(false)));
    assert_ne!(scene.serves_after(before).await, before.expect("a proxy served"));
    assert_eq!(get(port).await, "one");
}

#[tokio::test]
async fn a_build_that_does_not_run_changes_nothing() {
    let (scene, port) = (Scene::new(), free_port());
    let router = scene.router(&roles());
    applied(&router, vec![scene.site(port, "one")]).await;
    let before = router.pid().await;
    let trouble = scene.router(Path::new("/bin/false")).upgrade().await.expect_err("it ends at once");
    let (code, words) = told(&trouble);
    assert!(code == "proxy-down" && words.contains("exit code 1"), "{code}: {words}");
    assert_eq!((get(port).await, router.pid().await), ("one".into(), before));
    applied(&router, vec![scene.site(port, "two")]).await;
    assert_eq!(get(port).await, "two");
}

#[tokio::test]
async fn without_a_proxy_there_is_nothing_to_replace_drain_or_stop() {
    let (scene, port) = (Scene::new(), free_port());
    let router = scene.router(&roles());
    assert_eq!((router.upgrade().await, router.stop().await), (Ok(false), Ok(())));
    assert_eq!(router.drain(&key(), &slot(), 60_000).await, Ok(()));
    assert_eq!((router.pid().await, router.keeper().await, router.port(port).await), (None, None, None));
}

#[tokio::test]
async fn who_uses_a_port_is_known_and_a_taken_one_is_refused_with_help() {
    let (scene, port) = (Scene::new(), free_port());
    let router = scene.router(&roles());
    let other = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let taken = other.local_addr().expect("it is bound").port();
    applied(&router, vec![scene.site(port, "one")]).await;
    let trouble = router.apply(vec![scene.site(port, "two"), scene.site(taken, "two")]).await.expect_err("the port is taken");
    let (code, words) = told(&trouble);
    assert!(code == "port-taken" && words.contains(&format!("port {taken} ")) && words.contains("choose another port"), "{code}: {words}");
    assert_eq!(get(port).await, "one", "a table is taken whole or not at all");
    assert_eq!((router.port(port).await, router.port(taken).await), (Some(PortUse::Proxy), Some(PortUse::Other)));
    router.stop().await.expect("it ends when it is told to");
    assert_eq!((router.port(port).await, router.pid().await), (None, None));
}

#[tokio::test]
async fn a_proxy_that_does_not_come_up_is_told_with_what_it_said() {
    let (scene, port) = (Scene::new(), free_port());
    let router = scene.router(&roles());
    applied(&router, vec![scene.site(port, "one")]).await;
    router.stop().await.expect("it ends when it is told to");
    let kept = std::fs::read(scene.proxy_file("routes.json")).expect("its routes outlive it");
    std::fs::write(scene.proxy_file("routes.json"), of_a_newer_version()).expect("the file is there");
    let trouble = router.apply(vec![scene.site(port, "two")]).await.expect_err("it does not understand its state");
    let (code, words) = told(&trouble);
    let log = scene.folders().logs().join("proxy.log");
    assert!(code == "proxy-down" && words.contains(&log.display().to_string()), "{code}: {words}");
    assert!(words.contains("written by a newer Plimsoll") && words.contains("start the newer proxy"), "{words}");
    std::fs::write(scene.proxy_file("routes.json"), kept).expect("the file is there");
    applied(&router, vec![scene.site(port, "two")]).await;
    assert_eq!(get(port).await, "two");
}

/// Routes as a Plimsoll to come may keep them.
fn of_a_newer_version() -> String {
    let version: u32 = 99;
    let checksum = blake3::Hasher::new().update(&version.to_le_bytes()).update(b"{}").finalize().to_hex();
    format!("{{\"version\":{version},\"blake3\":\"{checksum}\"}}\n{{}}")
}

#[tokio::test]
async fn a_binary_that_is_gone_is_named() {
    let (scene, port) = (Scene::new(), free_port());
    let trouble = scene.router(Path::new("/nowhere/plimsoll")).apply(vec![scene.site(port, "one")]).await.expect_err("there is none");
    let (code, words) = told(&trouble);
    assert!(code == "proxy-down" && words.contains("/nowhere/plimsoll"), "{code}: {words}");
}

#[tokio::test]
async fn a_slot_is_drained_under_its_name_and_one_that_is_routed_to_is_no_trouble() {
    let (scene, port) = (Scene::new(), free_port());
    let router = scene.router(&roles());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there are ports");
    let address = listener.local_addr().expect("it is bound");
    applied(&router, vec![route(port, Upstream::Slot { slot: slot_name(&key(), &slot()), address })]).await;
    let asking = tokio::spawn(get(port));
    let (mut program, _) = listener.accept().await.expect("the proxy asks");
    assert_eq!(router.drain(&key(), &slot(), 60_000).await, Ok(()), "it is routed to");
    applied(&router, vec![scene.site(port, "two")]).await;
    assert!(program.read(&mut [0; 1024]).await.expect("there is a request") > 0);
    let begun = Instant::now();
    assert_eq!(router.drain(&key(), &slot(), 100).await, Ok(()));
    assert!(begun.elapsed() >= Duration::from_millis(100), "a request is under way");
    program.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none").await.expect("the proxy listens");
    assert_eq!(asking.await.expect("it is answered"), "one");
    assert_eq!(router.drain(&key(), &slot(), 60_000).await, Ok(()));
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_is_told() {
    let scene = Scene::new();
    let router = scene.router(&roles());
    std::fs::create_dir_all(scene.folders().proxy()).expect("there is room");
    let listener = UnixListener::bind(scene.proxy_file("proxy.sock")).expect("nobody listens there");
    let answers = async {
        let (mut stream, _) = listener.accept().await.expect("someone asks");
        assert!(stream.read(&mut [0; 1024]).await.expect("there is a request") > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno").await.expect("it is read");
        let _ = stream.read_to_end(&mut Vec::new()).await;
    };
    let (key, slot) = (key(), slot());
    let (drained, ()) = tokio::join!(router.drain(&key, &slot, 60_000), answers);
    let trouble = drained.expect_err("that is no answer");
    assert_eq!(told(&trouble).0, "proxy-refused");
    assert!(trouble.message.contains("proxy.sock") && trouble.message.contains("makes no sense"), "{}", trouble.message);
}
