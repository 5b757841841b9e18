//! Slots under real keepers: who they may run as, and what is told when they do not run.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_host::ledger::SlotRow;
use plimsoll_host::secrets::SecretFiles;
use plimsoll_host::supervise::{Builtin, Ended, Life, Supervisor, Systemd};
use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::slot::{Condition, Limits, ProcessSpec};
use plimsoll_model::{ComponentName, ConfigHash, Digest, ReleaseId};

use crate::scene::{Scene, key, roles, slot};

/// A slot that runs `program`, as `user` if it asks for one.
fn row(program: &str, user: Option<&str>) -> SlotRow {
    let health = HealthCheck { question: Question::Connect, interval_ms: 100, timeout_ms: 1_000 };
    let spec = ProcessSpec {
        run: program.into(),
        health,
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        user: user.map(str::to_owned),
        limits: Limits::default(),
        start_timeout_ms: 1_000,
        drain_timeout_ms: 1_000,
    };
    SlotRow {
        key: key(),
        component: ComponentName::new("web").expect("it is a name"),
        slot: slot(),
        release: ReleaseId(Digest::of(b"r")),
        config: ConfigHash(Digest::of(b"c")),
        spec,
        port: 1,
        running: true,
    }
}

fn supervisor(scene: &Scene, exe: &Path) -> Builtin {
    let env = BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]);
    Builtin::new(exe.to_owned(), scene.folders(), SecretFiles::new(scene.folders()), env, "shop".into())
}

#[test]
fn who_a_program_may_run_as() {
    let supervisor = supervisor(&Scene::new(), &roles());
    let root = rustix::process::geteuid().is_root();
    for (user, allowed) in [(None, true), (Some("shop"), true), (Some("daemon"), root), (Some("root"), false)] {
        let judged = supervisor.judge(&row("true", user));
        assert_eq!(judged.is_ok(), allowed, "{user:?}");
        let Err(trouble) = judged else { continue };
        assert_eq!(trouble.code, "user-not-allowed");
        assert!(user.is_some_and(|user| trouble.message.contains(user)) && trouble.message.contains("as shop"), "{trouble}");
        assert!(trouble.help.is_some_and(|help| help.contains("`user`")));
    }
}

#[test]
fn under_systemd_a_component_has_a_user_of_its_own_unless_the_host_allows_another() {
    for (user, users, allowed) in [
        (None, &[][..], true),
        (Some("daemon"), &[], false),
        (Some("root"), &["daemon"], false),
        (Some("daemon"), &["daemon"], true),
        (Some("0"), &["daemon"], false),
    ] {
        let users = users.iter().map(|user| (*user).to_owned()).collect();
        let judged = Systemd::new(Scene::new().folders(), BTreeMap::new(), users).judge(&row("true", user));
        assert_eq!(judged.map_err(|trouble| trouble.code), if allowed { Ok(()) } else { Err("user-not-allowed".to_owned()) }, "{user:?}");
    }
}

#[tokio::test]
async fn a_keeper_that_cannot_be_started_is_told_with_its_slot() {
    let scene = Scene::new();
    for (exe, words) in [("/nowhere/plimsoll", "/nowhere/plimsoll"), ("/bin/false", "keeper")] {
        let started = supervisor(&scene, Path::new(exe)).start(&row("true", None), scene.folders().root().into(), &BTreeMap::new(), Life::Kept).await;
        let trouble = started.expect_err("that is no keeper");
        assert_eq!(trouble.code, "keeper");
        assert!(trouble.message.starts_with("slot web-1: ") && trouble.message.contains(words), "{trouble}");
    }
}

#[tokio::test]
async fn a_program_that_ends_is_told_with_its_exit_code_and_its_output() {
    let (scene, row) = (Scene::new(), row("echo why; exit 3", None));
    let supervisor = supervisor(&scene, &roles());
    supervisor.start(&row, scene.folders().root().into(), &BTreeMap::new(), Life::Kept).await.expect("there is a keeper");
    assert_eq!(supervisor.ended(&row.key, &row.slot).await, Ended::badly("exit code 3"));
    supervisor.stop(&row.key, &row.slot, 0).await.expect("it ends when it is told to");
    assert!(supervisor.output(&row.key, &row.slot, 20).await.iter().any(|line| line.contains("why")));
    let looked = supervisor.look(&row.key, &row.slot).await.expect("it can be looked at");
    assert_eq!((looked.condition, looked.pid), (Condition::Stopped, None));
    assert_eq!(supervisor.ended(&row.key, &row.slot).await, Ended::badly("it does not run"));
}
