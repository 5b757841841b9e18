//! Undoing: everything is as it was.

use plimsoll_api::{HostEvent, Order, What};
use plimsoll_model::deployment::{Outcome, Stage};
use plimsoll_model::plan::Step;
use tokio::sync::mpsc;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, name, roll_back};

cases! {
    "rolling_back": what_exits, what_never_gets_healthy, after_the_switch, sealed, at_once, repeated, not_after_the_decision, lower_levels_too,
    cuts_off_what_is_under_way,
}

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn what_exits(scene: &Scene) {
    fails(scene, Program::exits("2"), "slot-exited").await;
}

async fn what_never_gets_healthy(scene: &Scene) {
    fails(scene, Program::hangs("2"), "slot-unhealthy").await;
}

async fn fails(scene: &Scene, program: Program, code: &str) {
    scene.deploy(&ONE).await;
    scene.supply("back", &program).await;
    let plan = hasty(scene.plan(scene.back(&program)).await);
    let id = scene.open(&plan).await;
    let error = scene.tell(&id, Order::Prepare { level: 0 }).await.answer.expect_err("it never serves");
    assert_eq!(error.code(), code, "{error}");
    let output = error.to_failure().output.join("\n");
    assert!(output.contains(&program.words()), "it is told with what the program wrote: {output:?}");
    assert_eq!(scene.look().await.open.expect("nobody has undone it yet").stage, Stage::Running);
    let told = scene.tell(&id, Order::Switch { level: 0 }).await;
    assert_eq!(told.answer.expect_err("it is not prepared").code(), "out-of-order");
    is_undone(scene, &id).await;
}

/// The same plan without patience for slots.
fn hasty(mut plan: plimsoll_model::plan::Plan) -> plimsoll_model::plan::Plan {
    let work = plan.levels.iter_mut().flat_map(|level| level.hosts.values_mut()).flatten();
    for step in work.flat_map(|work| &mut work.steps.prepare) {
        if let Step::AwaitHealthy { within_ms, .. } = step {
            *within_ms = 500;
        }
    }
    plan
}

async fn after_the_switch(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, forward(0)).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("2"));
    is_undone(scene, &id).await;
}

async fn sealed(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Seal]).await;
    is_undone(scene, &id).await;
}

async fn at_once(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    is_undone(scene, &id).await;
}

/// Rolls back to what [`ONE`] was.
async fn is_undone(scene: &Scene, id: &plimsoll_model::DeploymentId) {
    let report = scene.obey(id, [roll_back()]).await.remove(0);
    assert_eq!((report.stage, report.leftovers), (Stage::Closed { outcome: Outcome::RolledBack }, vec![]));
    let seen = scene.look().await;
    assert_eq!((seen.open, seen.components[&name("back")].staged.as_slice()), (None, &[ONE.release()][..]));
    assert_eq!((scene.slot().await.slot.as_str(), scene.version("back").await.as_deref()), ("back-1", Some("1")));
    let record = scene.last().await;
    assert_eq!((&record.id, record.outcome()), (id, Outcome::RolledBack));
    assert_eq!(record.failure.expect("it says why").code, "changed-my-mind");
}

async fn repeated(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    let report = scene.obey(&id, [roll_back()]).await.remove(0);
    let again = scene.tell(&id, roll_back()).await;
    assert_eq!((again.answer, again.events), (Ok(report), vec![]));
}

async fn not_after_the_decision(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide]).await;
    assert_eq!(scene.tell(&id, roll_back()).await.answer.expect_err("it is decided").code(), "request-unfit");
    scene.obey(&id, [Order::Commit]).await;
    assert_eq!(scene.tell(&id, roll_back()).await.answer.expect_err("it is decided").code(), "request-unfit");
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn lower_levels_too(scene: &Scene) {
    scene.deploy(&ONE).await;
    let bad = Program::exits("3");
    scene.supply("back", &TWO).await;
    scene.supply("front", &bad).await;
    let id = scene.open(&scene.plan(scene.back_and_front(&TWO, &bad)).await).await;
    scene.obey(&id, forward(0)).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("2"));
    let error = scene.tell(&id, Order::Prepare { level: 1 }).await.answer.expect_err("its program ends");
    assert_eq!(error.code(), "slot-exited", "{error}");
    is_undone(scene, &id).await;
    assert_eq!(scene.version("front").await, None);
}

async fn cuts_off_what_is_under_way(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&Program::hangs("2")).await;
    let (events, mut happened) = mpsc::unbounded_channel();
    let undo = async {
        while happened.recv().await.is_some_and(|event| !waits(&event)) {}
        is_undone(scene, &id).await;
    };
    let (prepared, ()) = tokio::join!(scene.host().order(&id, Order::Prepare { level: 0 }, events), undo);
    assert_eq!(prepared.expect_err("it was cut off").code(), "lease-lost");
}

/// Whether a slot is waited for from now on.
fn waits(event: &HostEvent) -> bool {
    event.what == What::Begun && event.text.starts_with("wait")
}
