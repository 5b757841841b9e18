//! Bringing releases to a host.

use std::path::PathBuf;

use plimsoll_api::Order;
use plimsoll_model::release::{FileContent, ReleaseManifest};
use plimsoll_model::{Digest, RelPath, ReleaseId};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key, roll_back};

cases! { "releases": brought, kept_once, brought_twice, other_content, unreadable, hostile, never_brought, prepared_in_parts, gone_with_the_environment }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn brought(scene: &Scene) {
    let manifest = scene.manifest("back", &ONE);
    let (digest, path) = scene.file(&ONE);
    for _ in 0..2 {
        assert_eq!(scene.host().offer(&manifest).await, Ok(vec![digest]), "being offered brings nothing");
    }
    assert!(!has(scene, ONE).await);
    assert_eq!(scene.host().upload(vec![(digest, path)]).await, Ok(()));
    assert!(!has(scene, ONE).await, "it is there once it was offered with nothing missing");
    for _ in 0..2 {
        assert_eq!(scene.host().offer(&manifest).await, Ok(vec![]));
    }
    assert!(has(scene, ONE).await);
    scene.restart().await;
    assert!(has(scene, ONE).await, "it is there for good");
}

async fn kept_once(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let same = ReleaseManifest { id: ReleaseId(Digest::of(b"another")), ..scene.manifest("back", &ONE) };
    assert_eq!(scene.host().offer(&same).await, Ok(vec![]), "the host has its file");
    let mut more = scene.manifest("back", &TWO);
    more.files.insert(0, plimsoll_model::release::FileEntry { path: path("earlier.txt"), content: same.files[0].content.clone() });
    assert_eq!(scene.host().offer(&more).await, Ok(vec![scene.file(&TWO).0]), "only what is new is missing");
}

async fn brought_twice(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let file = scene.file(&ONE);
    assert_eq!(scene.host().upload(vec![file.clone(), file]).await, Ok(()));
    assert_eq!(scene.host().upload(vec![]).await, Ok(()));
    assert_eq!(scene.host().offer(&scene.manifest("back", &ONE)).await, Ok(vec![]));
}

async fn other_content(scene: &Scene) {
    let manifest = scene.manifest("back", &ONE);
    let (digest, _) = scene.file(&ONE);
    assert_eq!(scene.host().offer(&manifest).await, Ok(vec![digest]));
    let error = scene.host().upload(vec![(digest, scene.file(&TWO).1)]).await.expect_err("it is not what it is said to be");
    assert_eq!(error.code(), "hash-mismatch", "{error}");
    assert_eq!(scene.host().offer(&manifest).await, Ok(vec![digest]), "it is still missing");
}

async fn unreadable(scene: &Scene) {
    let (digest, _) = scene.file(&ONE);
    let error = scene.host().upload(vec![(digest, PathBuf::from("/nowhere/at/all"))]).await.expect_err("there is no such file");
    assert_eq!(error.code(), "file-unreadable", "{error}");
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
}

async fn hostile(scene: &Scene) {
    let good = scene.manifest("back", &ONE);
    let mut leads_out = good.clone();
    leads_out.files[0].content = FileContent::Link { target: "../../../etc/passwd".into() };
    let mut twice = good.clone();
    twice.files.push(good.files[0].clone());
    for release in [leads_out, twice] {
        let error = scene.host().offer(&release).await.expect_err("it must not be laid out");
        assert_eq!(error.code(), "release-hostile", "{error}");
    }
}

async fn never_brought(scene: &Scene) {
    let id = scene.open(&scene.plan(scene.back(&ONE)).await).await;
    let error = scene.tell(&id, Order::Prepare { level: 0 }).await.answer.expect_err("there is nothing to stage");
    assert_eq!(error.code(), "release-missing", "{error}");
    scene.obey(&id, [roll_back()]).await;
}

async fn prepared_in_parts(scene: &Scene) {
    let id = scene.open(&scene.plan(scene.back(&ONE)).await).await;
    let [prepare, switch, verify] = forward(0);
    scene.tell(&id, prepare.clone()).await.answer.expect_err("there is nothing to stage");
    // The operator brings what is missing, and tries again.
    scene.supply("back", &ONE).await;
    scene.obey(&id, [prepare, switch, verify, Order::Decide, Order::Commit]).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn gone_with_the_environment(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.open(&scene.plan_down().await).await;
    scene.obey(&id, forward(0)).await;
    assert!(has(scene, ONE).await, "until the decision everything can be undone");
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert!(!has(scene, ONE).await);
    assert_eq!(scene.host().offer(&scene.manifest("back", &ONE)).await, Ok(vec![scene.file(&ONE).0]), "its file is deleted");
    assert_eq!(scene.version("back").await, None);
}

async fn has(scene: &Scene, program: Program) -> bool {
    scene.look_for(&key("local"), [program]).await.releases.contains(&program.release())
}

fn path(text: &str) -> RelPath {
    RelPath::new(text).expect("it is a path")
}
