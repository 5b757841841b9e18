//! A program in the place of another one.

use plimsoll_keeper::{Command, Keeper, KeeperError, KeeperSpec, Patience};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::scene::{Scene, answering, gone, kill, program, until};

const PATIENCE: Patience = Patience { ready_ms: 60_000, retire_ms: 60_000 };

/// The example with a mode.
fn answering_in(scene: &Scene, mode: &str) -> KeeperSpec {
    let mut spec = answering(scene, 0);
    let Command::Program { args, .. } = &mut spec.command else { unreachable!("it is a program") };
    args.push(mode.to_owned());
    spec
}

async fn answer(scene: &Scene) -> String {
    let mut text = String::new();
    UnixStream::connect(scene.path("answer.sock")).await.unwrap().read_to_string(&mut text).await.unwrap();
    text
}

async fn ready(keeper: &Keeper) -> String {
    until(keeper, |state| state.ready).await.pid.unwrap().to_string()
}

#[tokio::test]
async fn the_next_program_takes_over_what_is_held() {
    let scene = Scene::new();
    let keeper = scene.spawn(&answering(&scene, 0)).await;
    let (first, old) = (ready(&keeper).await, program(&keeper));
    keeper.replace(&answering_in(&scene, "anew"), PATIENCE).await.unwrap();
    let second = ready(&keeper).await;
    assert_ne!(first, second);
    assert_eq!(answer(&scene).await, format!("{second} answers"));
    gone(old).await;
    assert_eq!(keeper.state().restarts, 0, "it was not started again, but replaced");

    // What is started again from here on is the new one.
    kill(program(&keeper));
    let third = until(&keeper, |state| state.ready && state.restarts == 1).await;
    let line = std::fs::read_to_string(format!("/proc/{}/cmdline", third.pid.unwrap())).unwrap();
    assert!(line.ends_with("anew\0"), "{line:?}");
    let saved = std::fs::read_to_string(scene.folder().join("keeper.json")).unwrap();
    assert!(saved.contains("anew"), "{saved}");
    let sockets =
        std::fs::read_dir(scene.folder()).unwrap().filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("notify"));
    assert_eq!(sockets.count(), 1, "one that is not used any more is gone");
}

#[tokio::test]
async fn one_that_does_not_get_ready_changes_nothing() {
    for (mode, ready_ms, why) in [("fails", 60_000, "exit code 1"), ("silent", 50, "not ready within 50 ms")] {
        let scene = Scene::new();
        let keeper = scene.spawn(&answering(&scene, 0)).await;
        let first = ready(&keeper).await;
        let failed = keeper.replace(&answering_in(&scene, mode), Patience { ready_ms, ..PATIENCE }).await;
        assert!(matches!(&failed, Err(KeeperError::NotReplaced { reason, .. }) if reason.contains(why)), "{mode}: {failed:?}");
        assert_eq!(answer(&scene).await, format!("{first} "), "{mode}");
        assert_eq!(keeper.state().restarts, 0, "{mode}");
        keeper.replace(&answering(&scene, 0), PATIENCE).await.unwrap();
        assert_ne!(ready(&keeper).await, first, "{mode}: and does not stand in the way of others");
    }
}

#[tokio::test]
async fn one_that_fails_when_it_is_its_turn_gives_way_to_the_one_before() {
    for (mode, ready_ms) in [("dies", 60_000), ("stuck", 500)] {
        let scene = Scene::new();
        let keeper = scene.spawn(&answering(&scene, 0)).await;
        ready(&keeper).await;
        let failed = keeper.replace(&answering_in(&scene, mode), Patience { ready_ms, ..PATIENCE }).await;
        assert!(matches!(&failed, Err(KeeperError::NotReplaced { .. })), "{mode}: {failed:?}");
        let again = ready(&keeper).await;
        assert_eq!(answer(&scene).await, format!("{again} answers"), "{mode}");
        let line = std::fs::read_to_string(format!("/proc/{again}/cmdline")).unwrap();
        assert!(!line.contains(mode), "{line:?}");
    }
}

#[tokio::test]
async fn a_program_that_ends_meanwhile_is_replaced_all_the_same() {
    let scene = Scene::new();
    let keeper = scene.spawn(&answering_in(&scene, "")).await;
    ready(&keeper).await;
    let old = program(&keeper);
    rustix::process::kill_process(old, rustix::process::Signal::STOP).unwrap();
    let replacing = tokio::spawn({
        let (keeper, spec) = (keeper.clone(), answering_in(&scene, "anew"));
        async move { keeper.replace(&spec, PATIENCE).await }
    });
    until(&keeper, |state| state.replacement.is_some()).await;
    kill(old);
    replacing.await.unwrap().unwrap();
    assert_eq!(answer(&scene).await, format!("{} answers", ready(&keeper).await));
}

#[tokio::test]
async fn everyone_ends_with_the_keeper() {
    let mut scene = Scene::new();
    let mut spec = answering(&scene, 0);
    let keeper = scene.spawn(&spec).await;
    ready(&keeper).await;
    // The one that is replaced does not listen.
    let old = program(&keeper);
    spec.command =
        Command::Shell(format!("say(){{ echo \"$@\" > '{}'; }}; trap '' TERM; say on; while :; do sleep 1; done", scene.path("words").display()));
    let replacing = tokio::spawn({
        let (keeper, spec) = (keeper.clone(), spec.clone());
        async move { keeper.replace(&spec, PATIENCE).await }
    });
    assert_eq!(scene.word().await, "on");
    keeper.stop(10).await.unwrap();
    gone(old).await;
    assert!(matches!(replacing.await.unwrap(), Err(KeeperError::NotReplaced { .. } | KeeperError::Lost { .. })));
}

#[tokio::test]
async fn a_keeper_that_cannot_replace_is_told_apart() {
    let scene = Scene::new();
    std::fs::create_dir(scene.folder()).unwrap();
    let listener = UnixListener::bind(scene.folder().join("keeper.sock")).unwrap();
    // It says how things are, and ends the talk at what it does not know.
    let old = tokio::spawn(async move {
        for _ in 0..2 {
            let mut stream = BufReader::new(listener.accept().await.unwrap().0);
            let report =
                r#"{"version":1,"state":{"pid":null,"condition":"running","restarts":0,"last_exit":null,"started_at_ms":null},"stopping":false}"#;
            stream.write_all(format!("{report}\n").as_bytes()).await.unwrap();
            let mut request = String::new();
            stream.read_line(&mut request).await.unwrap();
        }
    });
    let keeper = Keeper::attach(&scene.folder()).await.unwrap().unwrap();
    let refused = keeper.replace(&scene.spec("true"), PATIENCE).await;
    assert!(matches!(refused, Err(KeeperError::CannotReplace { .. })), "{refused:?}");
    drop(keeper);
    old.await.unwrap();
    std::fs::remove_file(scene.folder().join("keeper.sock")).unwrap();
}
