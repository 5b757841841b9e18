//! The folder in which commits are checked out: always right, and warm.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use plimsoll_build::{BuildEvent, Sources, Wanted};

use crate::world::World;

/// When a file was written, to the nanosecond, and which one it is.
fn written(path: &Path) -> (i64, i64, u64) {
    let found = fs::metadata(path).unwrap();
    (found.mtime(), found.mtime_nsec(), found.ino())
}

fn start() -> World {
    let world = World::git();
    world.write(".gitignore", "out/\n").write("same", "1").write("changed", "1").write("gone", "1").commit();
    world
}

#[tokio::test]
async fn only_what_differs_is_touched() {
    let world = start();
    let root = world.open(Wanted::Default).await.root().to_path_buf();
    let before = written(&root.join("same"));
    fs::create_dir(root.join("out")).unwrap();
    fs::write(root.join("out/made"), "warm").unwrap();
    fs::write(root.join("stray"), "by an earlier build").unwrap();
    fs::remove_file(world.folder().join("gone")).unwrap();
    world.write("changed", "2").write("deep/new", "2").commit();

    let sources = world.open(Wanted::Default).await;
    assert_eq!(sources.root(), root);
    assert_eq!(written(&root.join("same")), before);
    assert_eq!(fs::read_to_string(root.join("out/made")).unwrap(), "warm");
    assert_eq!(fs::read_to_string(root.join("changed")).unwrap(), "2");
    assert_eq!(fs::read_to_string(root.join("deep/new")).unwrap(), "2");
    assert!(!root.join("gone").exists() && !root.join("stray").exists());
}

#[tokio::test]
async fn what_a_build_changed_is_put_right() {
    let world = start();
    let root = world.open(Wanted::Default).await.root().to_path_buf();
    fs::write(root.join("same"), "spoiled by a build").unwrap();
    fs::remove_file(root.join("changed")).unwrap();
    let _sources = world.open(Wanted::Default).await;
    assert_eq!(fs::read_to_string(root.join("same")).unwrap(), "1");
    assert_eq!(fs::read_to_string(root.join("changed")).unwrap(), "1");
}

#[tokio::test]
async fn what_a_killed_run_left_is_overcome() {
    let world = start();
    let root = world.open(Wanted::Default).await.root().to_path_buf();
    for (leftover, bytes) in [("git/index.lock", ""), ("git/index", "damaged")] {
        fs::write(world.cache().root().join(leftover), bytes).unwrap();
        fs::write(root.join("same"), "half").unwrap();
        let _sources = world.open(Wanted::Default).await;
        assert_eq!(fs::read_to_string(root.join("same")).unwrap(), "1", "{leftover}");
    }
}

#[tokio::test]
async fn builds_find_the_commit_and_the_repository_is_left_alone() {
    let world = start();
    let first = world.run_git(&["rev-parse", "HEAD"]);
    world.write("changed", "2").commit();
    let state =
        |world: &World| [world.run_git(&["status", "--porcelain"]), world.run_git(&["worktree", "list"]), world.run_git(&["rev-parse", "HEAD"])];
    let before = state(&world);
    let sources = world.open(Wanted::Commit(first.clone())).await;
    assert_eq!(state(&world), before);
    let kept = World::plain();
    let seen = kept.run_git(&["-C", sources.root().to_str().unwrap(), "rev-parse", "HEAD"]);
    assert_eq!(seen, first);
}

#[tokio::test]
async fn a_second_run_waits_for_the_first() {
    let world = start();
    let chosen = world.resolve(Wanted::Default).await.unwrap();
    let first = world.open(Wanted::Default).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let (folder, cache) = (world.folder().to_path_buf(), world.cache());
    let second = tokio::spawn(async move {
        let notify = move |event| drop(tell.send(event));
        Sources::open(&folder, &chosen, &cache, &notify).await.map(drop)
    });
    assert_eq!(told.recv().await, Some(BuildEvent::Waiting { what: "the kept source".into() }));
    assert!(!second.is_finished());
    drop(first);
    second.await.unwrap().unwrap();
}
