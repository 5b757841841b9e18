//! A host process that is killed: the next one goes on where its ledger says.

use plimsoll_api::{HostError, HostEvent, Order, Report, What};
use plimsoll_model::deployment::{Outcome, Stage};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, name, roll_back};

cases! { "crashing": at_rest, in_prepare, in_prepare_and_undone, between_orders, decided, in_commit, in_roll_back, sealed, again_and_again }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn at_rest(scene: &Scene) {
    scene.deploy(&ONE).await;
    let slot = scene.slot().await;
    scene.stage().kill().await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"), "nobody has to be there for it to serve");
    scene.revive().await;
    assert_eq!((scene.slot().await, scene.version("back").await.as_deref()), (slot, Some("1")));
    scene.deploy(&TWO).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("2"));
}

async fn in_prepare(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    cut_off(scene.kill_at(&id, Order::Prepare { level: 0 }, |event| event.what == What::Begun).await);
    let open = scene.look().await.open.expect("it waits for its operator");
    assert_eq!((&open.id, open.stage, open.expired), (&id, Stage::Running, false));
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert_eq!((scene.version("back").await.as_deref(), scene.slot().await.slot.as_str()), (Some("2"), "back-2"));
}

async fn in_prepare_and_undone(scene: &Scene) {
    scene.deploy(&ONE).await;
    let slot = scene.slot().await;
    let id = scene.begin(&Program::hangs("2")).await;
    let waits = |event: &HostEvent| event.what == What::Begun && event.text.starts_with("wait");
    cut_off(scene.kill_at(&id, Order::Prepare { level: 0 }, waits).await);
    scene.obey(&id, [roll_back()]).await;
    assert_eq!((scene.slot().await, scene.version("back").await.as_deref()), (slot, Some("1")));
    assert_eq!(scene.look().await.components[&name("back")].staged, [ONE.release()]);
}

async fn between_orders(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    for order in forward(0).into_iter().chain([Order::Seal, Order::Decide]) {
        scene.restart().await;
        scene.obey(&id, [order]).await;
    }
    scene.obey(&id, [Order::Commit]).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("2"));
}

async fn decided(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide]).await;
    scene.restart().await;
    is_committed(scene, &id).await;
}

async fn in_commit(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide]).await;
    cut_off(scene.kill_at(&id, Order::Commit, |event| event.what == What::Begun).await);
    is_committed(scene, &id).await;
}

/// Without anyone telling the host to.
async fn is_committed(scene: &Scene, id: &plimsoll_model::DeploymentId) {
    scene.settled().await;
    let record = scene.last().await;
    assert_eq!((&record.id, record.outcome(), record.leftovers), (id, Outcome::Committed, vec![]));
    assert_eq!((scene.version("back").await.as_deref(), scene.slot().await.slot.as_str()), (Some("2"), "back-2"));
    let report = scene.obey(id, [Order::Commit]).await.remove(0);
    assert_eq!(report.stage, Stage::Closed { outcome: Outcome::Committed });
}

async fn in_roll_back(scene: &Scene) {
    scene.deploy(&ONE).await;
    let slot = scene.slot().await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, forward(0)).await;
    cut_off(scene.kill_at(&id, roll_back(), |event| matches!(event.what, What::Undone { .. })).await);
    scene.settled().await;
    let record = scene.last().await;
    assert_eq!((&record.id, record.outcome()), (&id, Outcome::RolledBack));
    assert_eq!(record.failure.expect("it says why").code, "changed-my-mind");
    assert_eq!((scene.slot().await, scene.version("back").await.as_deref()), (slot, Some("1")));
}

async fn sealed(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Seal]).await;
    scene.restart().await;
    assert_eq!(scene.look().await.open.expect("it waits for the decision").stage, Stage::Sealed);
    scene.obey(&id, [roll_back()]).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn again_and_again(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    for _ in 0..3 {
        scene.restart().await;
    }
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

/// The answer is lost, unless the order came to its end before.
fn cut_off(answer: Result<Report, HostError>) {
    if let Err(error) = answer {
        assert_eq!(error.code(), "host-unreachable", "{error}");
    }
}
