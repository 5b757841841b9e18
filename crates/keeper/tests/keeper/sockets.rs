//! Sockets that outlive the program which listens on them.

use std::path::PathBuf;

use plimsoll_keeper::Keeper;
use plimsoll_model::slot::Condition;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;

use crate::scene::{Scene, answering, kill, program, until};

fn socket(scene: &Scene) -> PathBuf {
    scene.path("answer.sock")
}

async fn ready(keeper: &Keeper) -> String {
    until(keeper, |state| state.ready).await.pid.unwrap().to_string()
}

async fn answer(mut stream: UnixStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn a_connection_waits_for_the_next_program() {
    let scene = Scene::new();
    let keeper = scene.spawn(&answering(&scene, 200)).await;
    let first = ready(&keeper).await;
    assert_eq!(answer(UnixStream::connect(socket(&scene)).await.unwrap()).await, format!("{first} "));
    let pid = program(&keeper);
    kill(pid);
    until(&keeper, |state| state.condition == Condition::Restarting).await;
    let waiting = UnixStream::connect(socket(&scene)).await.unwrap();
    let answer = answer(waiting).await;
    let second = ready(&keeper).await;
    assert_ne!(first, second);
    assert_eq!(answer, format!("{second} answers"));
}

#[tokio::test]
async fn a_socket_is_held_once_however_often_it_is_handed_over() {
    let scene = Scene::new();
    let keeper = scene.spawn(&answering(&scene, 0)).await;
    for restarts in 0..3 {
        let state = until(&keeper, |state| state.ready && state.restarts == restarts).await;
        let names = if restarts == 0 { "" } else { "answers" };
        assert_eq!(answer(UnixStream::connect(socket(&scene)).await.unwrap()).await, format!("{} {names}", state.pid.unwrap()));
        kill(program(&keeper));
    }
}

#[tokio::test]
async fn a_stopped_program_leaves_no_one_listening() {
    let scene = Scene::new();
    let keeper = scene.spawn(&answering(&scene, 0)).await;
    ready(&keeper).await;
    keeper.stop(60_000).await.unwrap();
    assert!(!scene.folder().join("notify.sock").exists());
    assert!(UnixStream::connect(socket(&scene)).await.is_err());
}
