//! What is on record of deployments.

use plimsoll_api::Order;
use plimsoll_model::deployment::{ComponentChange, Outcome, Stage};
use plimsoll_model::plan::{Change, Intent};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key, name, request, roll_back};

cases! { "history": nothing, newest_first, of_its_environment, whole }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn nothing(scene: &Scene) {
    assert_eq!(scene.host().history(&key("local"), 10).await, Ok(vec![]));
}

async fn newest_first(scene: &Scene) {
    let first = scene.deploy(&ONE).await;
    let second = scene.begin(&TWO).await;
    scene.obey(&second, [roll_back()]).await;
    let third = scene.begin(&TWO).await;
    let all = [(third, Outcome::Undecided), (second, Outcome::RolledBack), (first, Outcome::Committed)];
    for limit in [0, 1, 2, 3, u32::MAX] {
        let history = scene.host().history(&key("local"), limit).await.expect("there is a history");
        let told: Vec<_> = history.into_iter().map(|record| (record.id.clone(), record.outcome())).collect();
        assert_eq!(told, all[..all.len().min(limit as usize)], "{limit}");
    }
}

async fn of_its_environment(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    assert_eq!(scene.host().history(&key("other"), 10).await, Ok(vec![]));
    assert_eq!(scene.last().await.id, id);
}

async fn whole(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let plan = scene.plan(scene.back(&ONE)).await;
    let mut open = request(&plan);
    open.components = vec![ComponentChange { name: name("back"), change: Change::Create, release: Some(ONE.release()) }];
    let id = scene.try_open(open.clone()).await.expect("it begins").id;
    assert_eq!(scene.last().await.ended_at, None);
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    scene.restart().await;
    let record = scene.last().await;
    assert_eq!((&record.id, &record.key, record.plan, &record.intent), (&id, &plan.key, plan.hash(), &Intent::Deploy));
    assert_eq!((&record.source, &record.holder, &record.reason), (&plan.source, &open.holder, &open.reason));
    assert_eq!((&record.components, &record.desired), (&open.components, &plan.desired));
    assert_eq!((&record.stage, &record.failure, record.leftovers.as_slice()), (&Stage::Closed { outcome: Outcome::Committed }, &None, &[][..]));
    assert!(record.ended_at.expect("it ended") >= record.started_at);
}
