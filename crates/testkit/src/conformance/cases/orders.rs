//! Orders, and what each leads to.

use plimsoll_api::Order;
use plimsoll_model::DeploymentId;
use plimsoll_model::deployment::{Outcome, Stage};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, roll_back};

cases! { "orders": in_order, old_serves_until_switch, repeated, out_of_order, unknown_deployment, unknown_level, after_commit, after_roll_back, two_levels }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn in_order(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    for order in forward(0) {
        assert_eq!(scene.obey(&id, [order]).await[0].stage, Stage::Running);
    }
    assert_eq!(scene.obey(&id, [Order::Seal]).await[0].stage, Stage::Sealed);
    assert_eq!(scene.obey(&id, [Order::Decide]).await[0].stage, Stage::Committing);
    let report = scene.obey(&id, [Order::Commit]).await.remove(0);
    assert_eq!((report.stage, report.leftovers), (Stage::Closed { outcome: Outcome::Committed }, vec![]));
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn old_serves_until_switch(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    let [prepare, switch, verify] = forward(0);
    for (orders, serves) in [(vec![], "1"), (vec![prepare], "1"), (vec![switch], "2"), (vec![verify, Order::Decide, Order::Commit], "2")] {
        for order in orders {
            scene.obey(&id, [order]).await;
        }
        assert_eq!(scene.version("back").await.as_deref(), Some(serves));
    }
    assert_eq!(scene.slot().await.release, TWO.release(), "the old slot is gone");
}

async fn repeated(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    let [prepare, switch, verify] = forward(0);
    for order in [prepare, switch, verify, Order::Seal, Order::Decide, Order::Commit] {
        let report = scene.obey(&id, [order.clone()]).await.remove(0);
        let again = scene.tell(&id, order.clone()).await;
        assert_eq!((again.answer, again.events), (Ok(report), vec![]), "{order:?} twice");
    }
    assert_eq!(scene.slot().await.slot.as_str(), "back-1");
}

async fn out_of_order(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    let [prepare, switch, verify] = forward(0);
    refused(scene, &id, &[switch.clone(), verify.clone(), Order::Seal, Order::Decide], "out-of-order").await;
    refused(scene, &id, &[Order::Commit], "request-unfit").await;
    scene.obey(&id, [prepare]).await;
    refused(scene, &id, &[verify.clone(), Order::Seal, Order::Decide], "out-of-order").await;
    scene.obey(&id, [switch]).await;
    refused(scene, &id, &[Order::Seal, Order::Decide], "out-of-order").await;
    scene.obey(&id, [verify]).await;
    refused(scene, &id, &[Order::Commit], "request-unfit").await;
    // What was refused had no effect: the right orders are carried out.
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn unknown_deployment(scene: &Scene) {
    let nobody = DeploymentId::new("20260101-000000000-0000").expect("it is a name");
    refused(scene, &nobody, &forward(0), "not-found").await;
    refused(scene, &nobody, &[Order::Seal, Order::Decide, Order::Commit, roll_back()], "not-found").await;
}

async fn unknown_level(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    refused(scene, &id, &forward(1), "request-unfit").await;
    scene.obey(&id, forward(0)).await;
}

async fn after_commit(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    refused(scene, &id, &forward(0), "request-unfit").await;
    refused(scene, &id, &[Order::Seal, roll_back()], "request-unfit").await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn after_roll_back(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.obey(&id, [roll_back()]).await;
    refused(scene, &id, &forward(0), "lease-lost").await;
    refused(scene, &id, &[Order::Seal, Order::Decide, Order::Commit], "lease-lost").await;
}

async fn two_levels(scene: &Scene) {
    scene.supply("back", &ONE).await;
    scene.supply("front", &TWO).await;
    let id = scene.open(&scene.plan(scene.back_and_front(&ONE, &TWO)).await).await;
    refused(scene, &id, &forward(1), "out-of-order").await;
    scene.obey(&id, forward(0)).await;
    assert_eq!((scene.version("back").await.as_deref(), scene.version("front").await), (Some("1"), None));
    refused(scene, &id, &[Order::Seal], "out-of-order").await;
    scene.obey(&id, forward(1)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert_eq!((scene.version("back").await.as_deref(), scene.version("front").await.as_deref()), (Some("1"), Some("2")));
}

async fn refused(scene: &Scene, id: &DeploymentId, orders: &[Order], code: &str) {
    for order in orders {
        let told = scene.tell(id, order.clone()).await;
        let error = told.answer.expect_err("it does not fit");
        assert_eq!((error.code(), told.events), (code, vec![]), "{order:?}: {error}");
    }
}
