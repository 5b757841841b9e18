//! Leases: who runs a deployment has to say so, again and again.

use plimsoll_api::Order;
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::{Outcome, Stage};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{SHORT_MS, Scene, forward, roll_back};

cases! {
    "leases": renewed, of_nobody, of_what_is_over, outlives_its_first_end, runs_out, runs_out_before_anything, runs_out_sealed,
    runs_out_decided, runs_out_while_the_host_is_dead,
}

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn renewed(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    let until = async || scene.look().await.open.expect("it is open").lease_until;
    let before = until().await;
    // Long against what reading two clocks, one after the other, may differ by.
    scene.pass(200).await;
    assert_eq!(scene.host().renew(&id).await, Ok(()));
    let after = until().await;
    assert!(after > before, "{before} {after}");
    scene.restart().await;
    let recorded = until().await;
    assert!(recorded > before, "it is not on record: {before} {recorded}");
}

async fn of_nobody(scene: &Scene) {
    let nobody = DeploymentId::new("20260101-000000000-0000").expect("it is a name");
    assert_eq!(scene.host().renew(&nobody).await.expect_err("there is no such deployment").code(), "not-found");
}

async fn of_what_is_over(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.obey(&id, [roll_back()]).await;
    assert_eq!(scene.host().renew(&id).await.expect_err("it was rolled back").code(), "lease-lost");
    let id = scene.deploy(&ONE).await;
    assert_eq!(scene.host().renew(&id).await.expect_err("it is over").code(), "request-unfit");
}

async fn outlives_its_first_end(scene: &Scene) {
    let id = scene.begin_for(&ONE, SHORT_MS).await;
    for _ in 0..6 {
        scene.pass(SHORT_MS / 4).await;
        assert_eq!(scene.host().renew(&id).await, Ok(()));
    }
    scene.obey(&id, forward(0)).await;
}

async fn runs_out(scene: &Scene) {
    scene.deploy(&ONE).await;
    let before = scene.slot().await;
    let id = scene.begin_for(&TWO, SHORT_MS).await;
    renewing(scene, &id, async {
        scene.obey(&id, forward(0)).await;
    })
    .await;
    assert_eq!(scene.version("back").await.as_deref(), Some("2"));
    scene.settled().await;
    assert_eq!((scene.version("back").await.as_deref(), scene.slot().await), (Some("1"), before));
    is_lost(scene, &id).await;
}

async fn runs_out_before_anything(scene: &Scene) {
    let id = scene.begin_for(&ONE, 100).await;
    scene.settled().await;
    is_lost(scene, &id).await;
}

async fn is_lost(scene: &Scene, id: &DeploymentId) {
    let record = scene.last().await;
    assert_eq!((&record.id, record.outcome()), (id, Outcome::RolledBack));
    assert_eq!(record.failure.expect("it says why").code, "lease-expired");
    assert_eq!(scene.host().renew(id).await.expect_err("it is lost").code(), "lease-lost");
    for order in [Order::Prepare { level: 0 }, Order::Seal, Order::Decide] {
        let told = scene.tell(id, order).await;
        assert_eq!(told.answer.expect_err("it is lost").code(), "lease-lost");
    }
}

async fn runs_out_sealed(scene: &Scene) {
    let id = brought_to(scene, Order::Seal).await;
    scene.pass(SHORT_MS + 100).await;
    let open = scene.look().await.open.expect("it waits for the decision");
    assert_eq!((open.stage, open.expired), (Stage::Sealed, true));
    scene.restart().await;
    assert_eq!(scene.look().await.open.expect("it waits for the decision").stage, Stage::Sealed);
    scene.obey(&id, [Order::Commit]).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn runs_out_decided(scene: &Scene) {
    let id = brought_to(scene, Order::Decide).await;
    scene.settled().await;
    let record = scene.last().await;
    assert_eq!((&record.id, record.outcome()), (&id, Outcome::Committed));
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn runs_out_while_the_host_is_dead(scene: &Scene) {
    let id = scene.begin_for(&ONE, SHORT_MS).await;
    renewing(scene, &id, async {
        scene.obey(&id, [Order::Prepare { level: 0 }]).await;
    })
    .await;
    scene.stage().kill().await;
    scene.pass(SHORT_MS + 100).await;
    scene.revive().await;
    scene.settled().await;
    is_lost(scene, &id).await;
}

/// A deployment with a short lease, taken as far as `last`.
async fn brought_to(scene: &Scene, last: Order) -> DeploymentId {
    let id = scene.begin_for(&ONE, SHORT_MS).await;
    renewing(scene, &id, async {
        scene.obey(&id, forward(0)).await;
        scene.obey(&id, [last]).await;
    })
    .await;
    id
}

/// Does `work`, and renews the lease all the while.
async fn renewing(scene: &Scene, id: &DeploymentId, work: impl Future<Output = ()>) {
    let renew = async {
        loop {
            scene.pass(SHORT_MS / 8).await;
            scene.host().renew(id).await.expect("it is not over yet");
        }
    };
    tokio::select! {
        biased;
        () = work => {}
        () = renew => {}
    }
}
