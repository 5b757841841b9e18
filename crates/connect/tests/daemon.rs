//! The daemon of this machine is there when it is needed: found, started once, replaced, or known not to start.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot go on has failed, and what it writes is gone with it")]

#[expect(dead_code, reason = "these tests need a part of it")]
mod fake;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_api::{HostApi, HostError, Order};
use plimsoll_connect::{ConnectError, Daemon, build_id};
use plimsoll_host::folders::Folders;
use plimsoll_model::deployment::Failure;
use tempfile::TempDir;
use tokio::sync::mpsc;

/// A home for daemons. When it is dropped, those that were started in it are ended.
struct Home {
    folder: TempDir,
    daemon: Daemon,
}

impl Home {
    fn new() -> Self {
        Self::below("")
    }

    fn below(path: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let daemon = Daemon { exe: exe(), home: folder.path().join(path), by: fake::actor() };
        Self { folder, daemon }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.daemon.home.join(name), content).unwrap();
    }

    fn starts(&self) -> Vec<u32> {
        let starts = fs::read_to_string(self.daemon.home.join("starts")).unwrap_or_default();
        starts.lines().map(|pid| pid.parse().unwrap()).collect()
    }

    /// The same home for another build of the program.
    fn other_build(&self) -> Daemon {
        let exe = self.folder.path().join("other");
        fs::copy(&self.daemon.exe, &exe).unwrap();
        Daemon { exe, home: self.daemon.home.clone(), by: fake::actor() }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let ours = |pid: &u32| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains("--detached"));
        for pid in self.starts().iter().filter(|pid| ours(pid)) {
            Command::new("kill").arg(pid.to_string()).status().unwrap();
        }
    }
}

fn exe() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap().join("examples/fake_daemon");
    assert!(built.exists(), "{} is built together with the tests", built.display());
    built
}

#[tokio::test]
async fn a_daemon_is_started_when_it_is_needed_and_not_again() {
    let home = Home::new();
    assert!(home.daemon.find().await.unwrap().is_none());
    let client = home.daemon.connect().await.unwrap();
    let facts = client.facts().await.unwrap();
    assert_eq!((vec![facts.pid], facts.build), (home.starts(), build_id(&home.daemon.exe).unwrap()));
    assert_eq!(home.daemon.connect().await.unwrap().facts().await.unwrap().pid, facts.pid);
    assert_eq!(home.daemon.find().await.unwrap().unwrap().facts().await.unwrap().pid, facts.pid);
}

#[tokio::test]
async fn a_daemon_is_apart_from_its_starter() {
    let home = Home::new();
    let pid = home.daemon.connect().await.unwrap().facts().await.unwrap().pid;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(3).unwrap();
    assert_eq!(session, pid.to_string(), "it leads a session of its own");
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), Path::new("/"));
    let environment = fs::read_to_string(home.daemon.home.join("environment")).unwrap();
    // Cargo gives each test this variable; it stands for whatever else an operator has.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && !environment.contains("CARGO"), "{environment}");
    assert!(environment.lines().any(|name| name == "PATH"), "{environment}");
}

#[tokio::test]
async fn of_many_that_start_it_at_once_one_does() {
    let home = Home::new();
    let daemons: Vec<_> = (0..8).map(|_| home.daemon.clone()).collect();
    let connecting = daemons.into_iter().map(|daemon| tokio::spawn(async move { daemon.connect().await.unwrap().facts().await.unwrap().pid }));
    for pid in connecting.collect::<Vec<_>>() {
        assert_eq!(vec![pid.await.unwrap()], home.starts());
    }
}

#[tokio::test]
async fn why_a_daemon_does_not_serve_reaches_the_user() {
    let home = Home::new();
    let failure = Failure::new("state-newer", "the ledger was written by a newer plimsoll").with_help("upgrade");
    home.write("refuse", serde_json::to_vec(&failure).unwrap());
    let error = home.daemon.connect().await.unwrap_err();
    assert_eq!((error.code(), error.help().as_deref()), ("state-newer", Some("upgrade")));
    assert!(error.to_string().contains(&failure.message), "{error}");
    fs::remove_file(home.daemon.home.join("refuse")).unwrap();
    home.daemon.connect().await.unwrap();
}

#[tokio::test]
async fn the_last_words_of_a_daemon_reach_the_user() {
    let home = Home::new();
    home.write("die", "something broke");
    let failure = home.daemon.connect().await.unwrap_err().to_failure();
    assert_eq!((failure.code.as_str(), failure.output), ("daemon-ended", vec!["something broke".to_owned()]));
    assert!(failure.message.contains("exit status: 3"), "{}", failure.message);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let home = Home::new();
    let daemon = Daemon { exe: home.folder.path().join("nothing"), home: home.daemon.home.clone(), by: fake::actor() };
    let error = daemon.connect().await.unwrap_err();
    assert!(matches!(&error, ConnectError::Io { path, .. } if path.ends_with("nothing")), "{error:?}");
}

#[tokio::test]
async fn a_daemon_of_another_build_is_replaced() {
    let home = Home::new();
    let former = home.daemon.connect().await.unwrap().facts().await.unwrap();
    let latter = home.other_build().connect().await.unwrap().facts().await.unwrap();
    assert_eq!(home.starts(), [former.pid, latter.pid]);
    assert_ne!(former.build, latter.build);
}

#[tokio::test]
async fn a_daemon_with_a_deployment_under_way_is_not_replaced() {
    let home = Home::new();
    home.write("busy", "");
    let former = home.daemon.connect().await.unwrap().facts().await.unwrap();
    let latter = home.other_build().connect().await.unwrap().facts().await.unwrap();
    assert_eq!((latter, home.starts()), (former.clone(), vec![former.pid]));
}

#[tokio::test]
async fn a_daemon_of_a_newer_version_is_not_replaced() {
    let home = Home::new();
    fs::create_dir_all(&home.daemon.home).unwrap();
    home.write("version", "999.0.0");
    let former = home.daemon.connect().await.unwrap().facts().await.unwrap();
    let latter = home.other_build().connect().await.unwrap().facts().await.unwrap();
    assert_eq!((latter.pid, latter.version, home.starts()), (former.pid, "999.0.0".into(), vec![former.pid]));
}

/// Whether its file is there still, or was deleted as upgrades do.
#[tokio::test]
async fn a_daemon_comes_back_when_its_successor_does_not_start() {
    for deleted in [false, true] {
        let home = Home::new();
        let former = home.other_build();
        let served = former.connect().await.unwrap().facts().await.unwrap();
        if deleted {
            fs::remove_file(&former.exe).unwrap();
        }
        let broken = home.folder.path().join("broken");
        fs::write(&broken, "#!/bin/sh\necho it is broken >&2\nexit 3\n").unwrap();
        fs::set_permissions(&broken, fs::Permissions::from_mode(0o700)).unwrap();
        let error = Daemon { exe: broken, ..former.clone() }.connect().await.unwrap_err();
        assert_eq!((error.code(), error.to_failure().output), ("daemon-ended", vec!["it is broken".to_owned()]));
        assert!(error.to_string().ends_with("that one serves again"), "{error}");
        let serves = former.find().await.unwrap().unwrap().facts().await.unwrap();
        assert_eq!((serves.build, home.starts()), (served.build, vec![served.pid, serves.pid]));
    }
}

#[tokio::test]
async fn a_daemon_that_ends_is_waited_for() {
    let home = Home::new();
    // What is left of it when its listener is gone.
    let lock = fs::File::create(Folders::new(&home.daemon.home).lock()).unwrap();
    lock.lock().unwrap();
    let daemon = home.daemon.clone();
    let connecting = tokio::spawn(async move { daemon.connect().await.unwrap().facts().await.unwrap().pid });
    tokio::task::yield_now().await;
    drop(lock);
    assert_eq!(vec![connecting.await.unwrap()], home.starts());
}

#[tokio::test]
async fn a_killed_daemon_is_started_again() {
    let home = Home::new();
    let client = home.daemon.connect().await.unwrap();
    let pid = client.facts().await.unwrap().pid;
    let (events, mut happened) = mpsc::unbounded_channel();
    let order = tokio::spawn(async move { client.order(&fake::id(), Order::Seal, events).await });
    assert_eq!(happened.recv().await, Some(fake::event(0)));
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let error = order.await.unwrap().unwrap_err();
    assert!(matches!(error, HostError::Unreachable { .. }), "{error:?}");
    let again = home.daemon.connect().await.unwrap().facts().await.unwrap().pid;
    assert_eq!(home.starts(), [pid, again]);
}

#[tokio::test]
async fn a_home_may_lie_deep() {
    let home = Home::below(&"deep/".repeat(40));
    assert!(Folders::new(&home.daemon.home).socket().as_os_str().len() > 200);
    let client = home.daemon.connect().await.unwrap();
    assert_eq!(vec![client.facts().await.unwrap().pid], home.starts());
}

#[tokio::test]
async fn a_second_daemon_is_refused() {
    let served = fake::Served::new(fake::Fake::default());
    let refused = plimsoll_host::serve::bind(&Folders::new(served.folder.path())).unwrap_err();
    assert_eq!(refused.code, "already-running");
    served.client().facts().await.unwrap();
}

#[tokio::test]
async fn only_the_owner_can_connect() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let served = fake::Served::inside(folder, fake::Fake::default());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(served.folder.path()), mode(&Folders::new(served.folder.path()).socket())), (0o755, 0o600));
    let fresh = served.folder.path().join("fresh");
    drop(plimsoll_host::serve::bind(&Folders::new(&fresh)).unwrap());
    assert_eq!(mode(&fresh), 0o700);
}

#[test]
fn both_sides_mean_the_same_files() {
    let folders = Folders::new("/home");
    assert_eq!((folders.socket(), folders.lock()), ("/home/host.sock".into(), "/home/host.lock".into()));
}
