//! Beginning deployments.

use plimsoll_api::{HostError, Open, Order};
use plimsoll_model::deployment::{Outcome, Stage};
use plimsoll_model::plan::{PLAN_VERSION, Plan};
use plimsoll_model::{DeploymentId, HostName};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{LONG_MS, SHORT_MS, Scene, forward, key, name, request, roll_back};

cases! {
    "opening": begins, takes_the_name, repeated, repeated_after_commit, repeated_after_roll_back, name_of_another_plan, held, two_at_once,
    the_same_at_once, given_up, stale, of_another_host, newer, side_by_side, next_after_commit,
}

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");
const NAME: &str = "20260101-000000000-0001";

async fn begins(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let plan = scene.plan(scene.back(&ONE)).await;
    let opened = scene.try_open(request(&plan)).await.expect("the state is the expected one");
    assert_eq!(opened.stage, Stage::Running);
    let open = scene.look().await.open.expect("it is open");
    assert_eq!((&open.id, &open.stage, open.expired), (&opened.id, &Stage::Running, false));
    assert_eq!(open.holder, request(&plan).holder);
    let record = scene.last().await;
    assert_eq!((record.id, record.stage, record.plan), (opened.id, Stage::Running, plan.hash()));
    let lasts_ms = open.lease_until.since(record.started_at);
    assert!(lasts_ms > LONG_MS - SHORT_MS, "{lasts_ms} ms, of {LONG_MS}: more is missing than reading two clocks differs by");
}

async fn takes_the_name(scene: &Scene) {
    let named = named(&scene.plan(scene.back(&ONE)).await);
    assert_eq!(scene.try_open(named).await.expect("it begins").id.as_str(), NAME);
}

async fn repeated(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let plan = scene.plan(scene.back(&ONE)).await;
    let first = scene.try_open(named(&plan)).await.expect("it begins");
    assert_eq!(scene.try_open(named(&plan)).await.as_ref(), Ok(&first));
    scene.obey(&first.id, forward(0)).await;
    assert_eq!(scene.try_open(named(&plan)).await.as_ref(), Ok(&first), "the state is another by now, but it has begun");
    scene.restart().await;
    assert_eq!(scene.try_open(named(&plan)).await.as_ref(), Ok(&first));
    scene.obey(&first.id, [Order::Seal]).await;
    assert_eq!(scene.try_open(named(&plan)).await.expect("it has begun").stage, Stage::Sealed);
    assert_eq!(history(scene).await, 1);
}

async fn repeated_after_commit(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let plan = scene.plan(scene.back(&ONE)).await;
    let id = scene.try_open(named(&plan)).await.expect("it begins").id;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    is_over(scene, &plan, Outcome::Committed).await;
}

/// A message that is delivered twice must not begin a deployment anew that was undone: nobody would know of it.
async fn repeated_after_roll_back(scene: &Scene) {
    let plan = scene.plan(scene.back(&ONE)).await;
    let id = scene.try_open(named(&plan)).await.expect("it begins").id;
    scene.obey(&id, [roll_back()]).await;
    is_over(scene, &plan, Outcome::RolledBack).await;
    scene.restart().await;
    is_over(scene, &plan, Outcome::RolledBack).await;
}

async fn is_over(scene: &Scene, plan: &Plan, outcome: Outcome) {
    assert_eq!(scene.try_open(named(plan)).await.expect("it has begun").stage, Stage::Closed { outcome });
    assert_eq!((scene.look().await.open, history(scene).await), (None, 1));
}

async fn name_of_another_plan(scene: &Scene) {
    let plan = scene.plan(scene.back(&ONE)).await;
    let other = scene.plan(scene.back(&TWO)).await;
    let id = scene.try_open(named(&plan)).await.expect("it begins").id;
    let refused = async || scene.try_open(named(&other)).await.expect_err("the name is taken").code().to_owned();
    assert_eq!(refused().await, "deployment-taken");
    scene.obey(&id, [roll_back()]).await;
    assert_eq!(refused().await, "deployment-taken");
}

async fn held(scene: &Scene) {
    let plan = scene.plan(scene.back(&ONE)).await;
    let id = scene.open(&plan).await;
    for open in [request(&plan), named(&plan)] {
        match scene.try_open(open).await {
            Err(HostError::LeaseHeld { id: held, holder, expires_in_ms }) => {
                assert_eq!((held, holder), (id.clone(), request(&plan).holder));
                assert!(expires_in_ms > 0 && expires_in_ms <= LONG_MS, "{expires_in_ms}");
            }
            other => panic!("{other:?}"),
        }
    }
    scene.obey(&id, [roll_back()]).await;
    scene.open(&scene.plan(scene.back(&ONE)).await).await;
}

async fn two_at_once(scene: &Scene) {
    let plan = scene.plan(scene.back(&ONE)).await;
    let (one, two) = tokio::join!(scene.try_open(request(&plan)), scene.try_open(named(&plan)));
    let (opened, refused) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(refused.expect_err("there is one lease").code(), "lease-held");
    assert_eq!(scene.look().await.open.expect("one is open").id, opened.expect("one begins").id);
}

async fn the_same_at_once(scene: &Scene) {
    let plan = scene.plan(scene.back(&ONE)).await;
    let (one, two) = tokio::join!(scene.try_open(named(&plan)), scene.try_open(named(&plan)));
    assert_eq!(one.expect("it begins"), two.expect("it has begun"));
    assert_eq!(history(scene).await, 1);
}

/// What nobody waits for any more begins, or does not: in either case it can be found, and undone.
async fn given_up(scene: &Scene) {
    for polls in 0..8 {
        let plan = scene.plan(scene.back(&ONE)).await;
        let mut left = polls;
        let mut opening = Box::pin(scene.try_open(request(&plan)));
        std::future::poll_fn(|context| {
            left -= 1;
            if left < 0 { std::task::Poll::Ready(()) } else { opening.as_mut().poll(context).map(drop) }
        })
        .await;
        drop(opening);
        let next = loop {
            match scene.try_open(request(&scene.plan(scene.back(&ONE)).await)).await {
                Ok(opened) => break opened.id,
                Err(HostError::LeaseHeld { id, .. }) => drop(scene.obey(&id, [roll_back()]).await),
                Err(error) => panic!("given up after {polls} polls: {error:?}"),
            }
        };
        scene.obey(&next, [roll_back()]).await;
    }
}

async fn stale(scene: &Scene) {
    let plan = scene.plan(scene.back(&TWO)).await;
    scene.deploy(&ONE).await;
    let error = scene.try_open(request(&plan)).await.expect_err("the host has changed");
    assert_eq!(error, HostError::Stale(HostName::local()));
    // Also when what serves is the same as then: slots have come and gone.
    let plan = scene.plan(scene.back(&TWO)).await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, [Order::Prepare { level: 0 }, roll_back()]).await;
    assert_eq!(scene.try_open(request(&plan)).await.expect_err("the host has changed").code(), "plan-stale");
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

async fn of_another_host(scene: &Scene) {
    let plan = scene.plan(scene.back(&ONE)).await;
    let host = HostName::new("elsewhere").expect("it is a name");
    let error = scene.try_open(Open { host, ..request(&plan) }).await.expect_err("the plan has no such host");
    assert_eq!(error.code(), "request-unfit", "{error}");
}

async fn newer(scene: &Scene) {
    let plan = Plan { version: PLAN_VERSION + 1, ..scene.plan(scene.back(&ONE)).await };
    let error = scene.try_open(request(&plan)).await.expect_err("nobody here can read it");
    assert_eq!(error.code(), "plan-newer", "{error}");
}

async fn side_by_side(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.supply("front", &TWO).await;
    let mut desired = scene.back_and_front(&ONE, &TWO);
    desired.components.retain(|component, _| *component == name("front"));
    desired.components.values_mut().for_each(|front| front.depends_on.clear());
    let other = scene.open(&scene.plan_for(&key("other"), desired).await).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&other, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    scene.obey(&other, [roll_back()]).await;
    assert_eq!((scene.version("back").await.as_deref(), scene.version("front").await), (Some("1"), None));
}

async fn next_after_commit(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide]).await;
    let error = scene.try_open(named(&scene.plan(scene.back(&ONE)).await)).await.expect_err("it is not settled yet");
    assert_eq!(error.code(), "lease-held", "{error}");
    scene.obey(&id, [Order::Commit]).await;
    scene.deploy(&TWO).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("2"));
}

/// The same as [`request`], by a host that is not home.
fn named(plan: &Plan) -> Open {
    Open { id: Some(DeploymentId::new(NAME).expect("it is a name")), ..request(plan) }
}

async fn history(scene: &Scene) -> usize {
    scene.host().history(&key("local"), 10).await.expect("there is a history").len()
}
