//! What is told while an order is carried out.

use plimsoll_api::{HostEvent, Order, What};
use plimsoll_model::plan::{Phase, Step, StepRef};
use tokio::sync::mpsc;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, roll_back};

cases! { "events": each_step, failed, undone, nobody_listens }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn each_step(scene: &Scene) {
    scene.deploy(&ONE).await;
    scene.supply("back", &TWO).await;
    let plan = scene.plan(scene.back(&TWO)).await;
    let id = scene.open(&plan).await;
    let mut events = Vec::new();
    for order in forward(0).into_iter().chain([Order::Decide, Order::Commit]) {
        let told = scene.tell(&id, order).await;
        told.answer.expect("it is carried out");
        events.extend(told.events);
    }
    let host = plimsoll_model::HostName::local();
    let steps: Vec<(StepRef, &Step)> = plan.steps(&host).collect();
    assert!(steps.len() >= 6, "{steps:?}");
    let told: Vec<_> = events.iter().map(|event| (&event.step, event.text.clone(), is_done(event))).collect();
    let expect: Vec<_> = steps.iter().flat_map(|(at, step)| [false, true].map(|done| (at, step.to_string(), done))).collect();
    assert_eq!(told, expect);
    time_goes_on(&events);
}

async fn failed(scene: &Scene) {
    let id = scene.begin(&Program::exits("2")).await;
    let told = scene.tell(&id, Order::Prepare { level: 0 }).await;
    let error = told.answer.expect_err("its program ends");
    let last = told.events.last().expect("it has begun");
    assert_eq!(last.what, What::Failed { failure: error.to_failure() });
    time_goes_on(&told.events);
}

async fn undone(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    let mut done = Vec::new();
    for order in forward(0) {
        let events = scene.tell(&id, order).await.events;
        done.extend(events.into_iter().filter(is_done).map(|event| event.step));
    }
    let told = scene.tell(&id, roll_back()).await;
    assert!(told.events.iter().all(|event| matches!(event.what, What::Undone { .. })), "{:?}", told.events);
    let undone: Vec<StepRef> = told.events.iter().map(|event| event.step.clone()).collect();
    done.reverse();
    assert_eq!(undone, done);
    assert!(undone.iter().all(|at| at.phase != Phase::Commit));
    time_goes_on(&told.events);
}

async fn nobody_listens(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    for order in forward(0).into_iter().chain([Order::Decide, Order::Commit]) {
        let (events, unheard) = mpsc::unbounded_channel();
        drop(unheard);
        scene.host().order(&id, order, events).await.expect("it is carried out all the same");
    }
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

fn is_done(event: &HostEvent) -> bool {
    matches!(event.what, What::Done { .. })
}

fn time_goes_on(events: &[HostEvent]) {
    assert!(events.iter().zip(&events[1..]).all(|(one, next)| one.at <= next.at), "{events:?}");
}
