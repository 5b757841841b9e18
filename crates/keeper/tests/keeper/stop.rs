//! How programs are stopped.

use plimsoll_keeper::{Exit, Keeper};
use rustix::process::{Signal, kill_process};

use crate::scene::{Scene, gone, is_gone, keeper_of, program};

/// Ends at once on `SIGTERM`, with a word. The trap comes last, since a shell may lose a signal in what it is about to start.
const POLITE: &str = "sleep 1000 & trap 'say bye; exit 7' TERM; say $$; wait";

#[tokio::test]
async fn a_program_is_asked_to_end() {
    let mut scene = Scene::new();
    let keeper = scene.spawn(&scene.spec(POLITE)).await;
    let pid = scene.pid().await;
    assert_eq!(keeper.stop(60_000).await.unwrap(), Exit { code: Some(7), signal: None });
    assert!(is_gone(pid));
    assert_eq!(scene.word().await, "bye");
    assert_eq!(keeper.stop(60_000).await.unwrap(), Exit { code: Some(7), signal: None }, "again is fine");
    for name in ["keeper.sock", "child.json"] {
        assert!(!scene.folder().join(name).exists(), "{name}");
    }
}

#[tokio::test]
async fn a_program_that_does_not_listen_is_killed() {
    let mut scene = Scene::new();
    let keeper = scene.spawn(&scene.spec("trap '' TERM; say $$; while :; do sleep 1000; done")).await;
    scene.pid().await;
    assert_eq!(keeper.stop(10).await.unwrap(), Exit { code: None, signal: Some(9) });
}

#[tokio::test]
async fn a_second_stop_may_be_shorter() {
    let mut scene = Scene::new();
    let keeper = scene.spawn(&scene.spec("trap 'say no' TERM; say $$; while :; do sleep 1; done")).await;
    scene.pid().await;
    let patient = tokio::spawn({
        let keeper = keeper.clone();
        async move { keeper.stop(3_600_000).await.unwrap() }
    });
    assert_eq!(scene.word().await, "no");
    let killed = Exit { code: None, signal: Some(9) };
    assert_eq!(keeper.stop(0).await.unwrap(), killed);
    assert_eq!(patient.await.unwrap(), killed);
}

#[tokio::test]
async fn everyone_goes() {
    let stubborn = "sh -c 'trap \"\" TERM; sleep 1000; sleep 1000' & say $!";
    let left = "setsid sh -c 'sleep 1000; sleep 1000' & say $!";
    let orphan = "(setsid sh -c 'trap \"\" TERM; sleep 1000; sleep 1000' & say $!)";
    for (script, grace_ms) in [(stubborn, 10), (left, 60_000), (orphan, 10)] {
        let mut scene = Scene::new();
        let keeper = scene.spawn(&scene.spec(&format!("{script}; say up; exec sleep 1000"))).await;
        let (child, up) = (scene.pid().await, scene.word().await);
        assert_eq!((is_gone(child), up.as_str()), (false, "up"), "{script}");
        assert_eq!(keeper.stop(grace_ms).await.unwrap(), Exit { code: None, signal: Some(15) }, "{script}");
        assert!(is_gone(child), "{script}");
    }
}

#[tokio::test]
async fn a_program_is_not_started_again_after_a_stop() {
    let scene = Scene::new();
    let mut spec = scene.spec("exit 1");
    (spec.restart.first_ms, spec.restart.max_ms) = (3_600_000, 3_600_000);
    let keeper = scene.spawn(&spec).await;
    let own = crate::scene::until(&keeper, |state| state.last_exit.is_some()).await;
    assert_eq!(keeper.stop(60_000).await.unwrap(), own.last_exit.unwrap());
    assert!(Keeper::attach(&scene.folder()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_keeper_that_is_asked_to_end_stops_its_program() {
    let mut scene = Scene::new();
    let keeper = scene.spawn(&scene.spec(POLITE)).await;
    let (pid, own) = (scene.pid().await, keeper_of(program(&keeper)));
    kill_process(own, Signal::TERM).unwrap();
    assert_eq!(scene.word().await, "bye");
    gone(pid).await;
    gone(own).await;
}

#[tokio::test]
async fn a_spawn_after_a_stop_starts_anew() {
    let mut scene = Scene::new();
    let spec = scene.spec(POLITE);
    let keeper = scene.spawn(&spec).await;
    let first = scene.pid().await;
    let (stopped, again) = tokio::join!(keeper.stop(60_000), async {
        assert_eq!(scene.word().await, "bye");
        scene.spawn(&spec).await
    });
    stopped.unwrap();
    assert_ne!(program(&again), first);
    again.stop(60_000).await.unwrap();
}
