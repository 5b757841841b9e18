//! What programs get, and what becomes of what they print.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use plimsoll_keeper::{Command, Keeper, KeeperError, KeeperSpec, output};
use plimsoll_model::slot::{Condition, Limits};
use rustix::process::getuid;

use crate::scene::{EXE, Scene, keeper_of, program, until};

/// What one run of the program prints.
async fn printed(scene: &Scene, spec: &KeeperSpec) -> Vec<String> {
    let spec = KeeperSpec { restart: plimsoll_keeper::Restart { first_ms: 3_600_000, max_ms: 3_600_000, ..spec.restart }, ..spec.clone() };
    let keeper = scene.spawn(&spec).await;
    until(&keeper, |state| state.condition == Condition::Restarting).await;
    keeper.stop(0).await.unwrap();
    scene.printed()
}

#[tokio::test]
async fn nothing_is_inherited() {
    assert!(std::env::vars().count() > 0, "there is something that could be");
    let scene = Scene::new();
    let mut spec = scene.spec("");
    spec.command = Command::Program { path: "/usr/bin/env".into(), args: Vec::new() };
    spec.env = BTreeMap::from([("LOG".to_owned(), "a b".to_owned())]);
    assert_eq!(printed(&scene, &spec).await, ["out LOG=a b"]);
}

#[tokio::test]
async fn secrets_reach_the_program_and_no_one_else() {
    let mut scene = Scene::new();
    let mut spec = scene.spec("echo \"token $TOKEN\"; echo $TOKEN >&2; say ${#TOKEN}; sleep 1000; :");
    let secrets = scene.path("secrets.json");
    fs::write(&secrets, r#"{"TOKEN": "hunter22"}"#).unwrap();
    spec.secrets_file = Some(secrets.clone());
    let keeper = scene.spawn(&spec).await;
    assert_eq!(scene.word().await, "8");
    let own = keeper_of(program(&keeper));
    for pid in [program(&keeper), own].map(|pid| pid.as_raw_nonzero()) {
        let arguments = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        assert!(!arguments.is_empty() && !arguments.contains("hunter22"), "{arguments}");
    }
    assert_eq!(fs::read_to_string(format!("/proc/{}/environ", own.as_raw_nonzero())).unwrap(), "");
    keeper.stop(60_000).await.unwrap();
    let mut printed = scene.printed();
    printed.sort();
    assert_eq!(printed, ["err ***", "out token ***"]);
    for entry in fs::read_dir(scene.folder()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(!text.contains("hunter22"), "{}", path.display());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_read_are_not_shown() {
    let scene = Scene::new();
    let mut spec = scene.spec("echo started");
    fs::write(scene.path("secrets.json"), r#"{"TOKEN": ["hunter22"]}"#).unwrap();
    spec.secrets_file = Some(scene.path("secrets.json"));
    let printed = printed(&scene, &spec).await;
    assert!(printed[0].contains("secrets.json cannot be understood, from line 1 column"), "{printed:?}");
    assert!(!printed[0].contains("hunter22"), "{printed:?}");
}

#[tokio::test]
async fn limits_hold() {
    let scene = Scene::new();
    let mut spec = scene.spec("ulimit -n; ulimit -v; ulimit -t; ulimit -Hn");
    spec.limits = Limits { memory_bytes: Some(512 << 20), open_files: Some(100), processes: None, cpu_seconds: Some(60) };
    assert_eq!(printed(&scene, &spec).await, ["out 100", "out 524288", "out 60", "out 100"]);
}

#[tokio::test]
async fn output_has_times_and_is_rotated() {
    let scene = Scene::new();
    let mut spec = scene.spec("for n in $(seq 100); do echo line $n; done");
    spec.output.max_bytes = 40 * 30;
    printed(&scene, &spec).await;
    let text = fs::read_to_string(scene.path("out.log.1")).unwrap();
    assert!(text.len() <= 40 * 30 && !scene.path("out.log.3").exists());
    let (time, rest) = text.lines().next().unwrap().split_once(' ').unwrap();
    assert!(time.len() == "2026-01-01T00:00:00.000Z".len() && time.ends_with('Z') && time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    assert!(rest.starts_with("out line "), "{rest}");
    let tail: Vec<String> = output::tail(&scene.path("out.log"), 50).iter().map(|line| line.rsplit_once(' ').unwrap().1.to_owned()).collect();
    assert_eq!(tail, (51..=100).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn only_root_runs_programs_as_others() {
    let scene = Scene::new();
    let mut spec = scene.spec("id -u; id -G; umask; grep NoNewPrivs /proc/self/status > /dev/null && echo done");
    spec.user = Some("nobody".to_owned());
    if getuid().is_root() {
        let printed = printed(&scene, &spec).await;
        assert_eq!([&printed[0], &printed[2], &printed[3]], ["out 65534", "out 0022", "out done"]);
        assert_eq!(printed[1].split(' ').count(), 2, "none of root's groups: {printed:?}");
    } else {
        let refused = Keeper::spawn(Path::new(EXE), &scene.folder(), &spec).await;
        assert!(matches!(refused, Err(KeeperError::NotRoot { .. })), "{refused:?}");
    }
    spec.user = Some("no such user".to_owned());
    let refused = Keeper::spawn(Path::new(EXE), &scene.folder(), &spec).await;
    assert!(matches!(refused, Err(KeeperError::NoUser { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_keeper_that_cannot_start_says_why() {
    let scene = Scene::new();
    let mut spec = scene.spec("true");
    spec.output.file = "/dev/null/out.log".into();
    let failed = Keeper::spawn(Path::new(EXE), &scene.folder(), &spec).await;
    assert!(matches!(&failed, Err(KeeperError::NotStarted { reason, .. }) if reason.contains("/dev/null/out.log")), "{failed:?}");
    let missing = Keeper::spawn(Path::new("/no/such/plimsoll"), &scene.folder(), &spec).await;
    assert!(matches!(&missing, Err(KeeperError::Io { action: "start", .. })), "{missing:?}");
}
