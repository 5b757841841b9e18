//! How long keepers and programs live, and who finds them.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use plimsoll_keeper::{Exit, Keeper, KeeperError, procfs};
use plimsoll_model::slot::Condition;
use rustix::process::{Pid, Signal, getpid, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixListener;

use crate::scene::{EXE, Scene, gone, is_gone, keeper_of, kill, program, until};

const LASTS: &str = "say $$; exec sleep 1000";

#[tokio::test]
async fn a_keeper_belongs_to_no_one() {
    let scene = Scene::new();
    let keeper = scene.spawn(&scene.spec(LASTS)).await;
    let process = procfs::one(keeper_of(program(&keeper)).as_raw_nonzero().get()).unwrap();
    assert_eq!(process.session, process.pid);
    assert_ne!(process.parent, getpid().as_raw_nonzero().get());
}

#[tokio::test]
async fn a_keeper_outlives_a_killed_spawner() {
    let mut scene = Scene::new();
    let folder = scene.folder();
    std::fs::create_dir(&folder).unwrap();
    let spec = serde_json::json!({"version": 1, "spec": scene.spec(LASTS)});
    std::fs::write(folder.join("keeper.json"), spec.to_string()).unwrap();
    let mut spawner = std::process::Command::new("/bin/sh");
    spawner.args(["-c", "\"$0\" keeper \"$1\"; read forever", EXE]).arg(&folder).stdin(Stdio::piped()).process_group(0);
    let mut spawner = spawner.spawn().unwrap();
    let pid = scene.pid().await;
    kill_process_group(Pid::from_child(&spawner), Signal::KILL).unwrap();
    spawner.wait().unwrap();
    let keeper = Keeper::attach(&folder).await.unwrap().unwrap();
    assert_eq!((program(&keeper), is_gone(pid)), (pid, false));
    let environment = std::fs::read_to_string(format!("/proc/{}/environ", pid.as_raw_nonzero())).unwrap();
    assert!(!environment.contains("CARGO"), "a keeper that was given an environment keeps it to itself: {environment}");
}

#[tokio::test]
async fn a_keeper_is_found_again() {
    let mut scene = Scene::new();
    assert!(Keeper::attach(&scene.folder()).await.unwrap().is_none());
    let keeper = scene.spawn(&scene.spec(LASTS)).await;
    let (pid, state) = (scene.pid().await, keeper.state());
    drop(keeper);
    let again = Keeper::attach(&scene.folder()).await.unwrap().unwrap();
    assert_eq!(again.state(), state);
    assert_eq!((program(&again), state.condition, state.restarts), (pid, Condition::Running, 0));
    again.stop(60_000).await.unwrap();
    assert!(Keeper::attach(&scene.folder()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_folder_may_have_a_long_path() {
    let scene = Scene::new();
    let mut spec = scene.spec(LASTS);
    spec.hold_sockets = true;
    let folder = scene.path(&"long".repeat(50));
    let keeper = Keeper::spawn(Path::new(EXE), &folder, &spec).await.unwrap();
    let again = Keeper::attach(&folder).await.unwrap().unwrap();
    assert_eq!(again.state(), keeper.state());
    again.stop(60_000).await.unwrap();
}

#[tokio::test]
async fn several_spawns_in_a_folder_give_one_program() {
    let mut scene = Scene::new();
    let spec = scene.spec(LASTS);
    let (one, two, three) = tokio::join!(scene.spawn(&spec), scene.spawn(&spec), scene.spawn(&spec));
    let pid = scene.pid().await;
    assert_eq!([program(&one), program(&two), program(&three)], [pid; 3]);
    one.stop(60_000).await.unwrap();
    // Had there been another, it would have spoken first.
    let mut spec = spec;
    spec.command = plimsoll_keeper::Command::Shell(format!("echo last > '{}'; exec sleep 1000", scene.path("words").display()));
    scene.spawn(&spec).await;
    assert_eq!(scene.word().await, "last");
}

#[tokio::test]
async fn a_program_that_ends_is_started_again() {
    let mut scene = Scene::new();
    let keeper = scene.spawn(&scene.spec("say run; exit 3")).await;
    for _ in 0..4 {
        assert_eq!(scene.word().await, "run");
    }
    let state = until(&keeper, |state| state.restarts >= 3 && state.condition == Condition::Restarting).await;
    assert_eq!((state.last_exit, state.pid), (Some(Exit { code: Some(3), signal: None }), None));
}

#[tokio::test]
async fn what_a_crashed_program_leaves_is_cleared_away() {
    let mut scene = Scene::new();
    let mut spec = scene.spec("sleep 1000 & say $!; setsid sleep 1000 & say $!; kill -9 $$");
    spec.restart.first_ms = 3_600_000;
    spec.restart.max_ms = 3_600_000;
    let keeper = scene.spawn(&spec).await;
    let (inside, outside) = (scene.pid().await, scene.pid().await);
    gone(inside).await;
    gone(outside).await;
    let state = until(&keeper, |state| state.condition == Condition::Restarting).await;
    assert_eq!(state.last_exit, Some(Exit { code: None, signal: Some(9) }));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_told_of() {
    for (path, code, reason) in [("/no/such/program", 127, "No such file"), ("/etc/passwd", 126, "Permission denied")] {
        let scene = Scene::new();
        let mut spec = scene.spec("");
        spec.command = plimsoll_keeper::Command::Program { path: path.into(), args: Vec::new() };
        let keeper = scene.spawn(&spec).await;
        let state = until(&keeper, |state| state.last_exit.is_some()).await;
        assert_eq!((state.last_exit, state.pid), (Some(Exit { code: Some(code), signal: None }), None));
        keeper.stop(0).await.unwrap();
        let printed = scene.printed();
        assert!(printed[0].starts_with(&format!("err plimsoll: cannot start {path}: {reason}")), "{printed:?}");
    }
}

#[tokio::test]
async fn a_killed_keeper_takes_its_program_along() {
    let mut scene = Scene::new();
    let mut keeper = scene.spawn(&scene.spec("trap '' TERM HUP; say $$; sh -c 'trap \"\" TERM HUP; sleep 1000' & say $!; wait")).await;
    let (pid, child) = (scene.pid().await, scene.pid().await);
    kill(keeper_of(pid));
    gone(pid).await;
    while keeper.changed().await.is_some() {}
    assert_eq!((keeper.state().condition, keeper.state().pid), (Condition::Stopped, None));
    assert!(!is_gone(child), "the kernel kills the program only");
    assert!(Keeper::attach(&scene.folder()).await.unwrap().is_none());
    assert!(is_gone(child));
    assert_eq!(keeper.stop(0).await.unwrap(), Exit::default());
    let again = scene.spawn(&scene.spec(LASTS)).await;
    assert_eq!(scene.pid().await, program(&again));
}

#[tokio::test]
async fn a_newer_keeper_is_not_talked_to() {
    let scene = Scene::new();
    std::fs::create_dir(scene.folder()).unwrap();
    let newer = UnixListener::bind(scene.folder().join("keeper.sock")).unwrap();
    let greet = async { newer.accept().await.unwrap().0.write_all(b"{\"version\": 99}\n").await };
    let folder = scene.folder();
    let (found, _) = tokio::join!(Keeper::attach(&folder), greet);
    assert!(matches!(found, Err(KeeperError::Newer { found: 99, .. })), "{found:?}");
    drop(newer);
}
