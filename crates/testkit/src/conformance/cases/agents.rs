//! Agents: held to what stands on record, whatever they bring along.

use plimsoll_api::{HostError, Open, Opened, Order};
use plimsoll_model::Policy;
use plimsoll_model::agents::{Agents, SURFACE};
use plimsoll_model::deployment::Holder;
use plimsoll_model::plan::{Desired, Plan};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, request};

cases! { "agents": new_environment, recorded_rule, stricter_at_once, changed_rule_alone }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

/// A plan after which agents may do so much.
async fn plan(scene: &Scene, program: &Program, agents: Agents) -> Plan {
    scene.supply("back", program).await;
    let plan = scene.plan(scene.back(program)).await;
    Plan { desired: Desired { policy: Some(Policy { agents, approval: None }), ..plan.desired }, ..plan }
}

async fn by_agent(scene: &Scene, plan: &Plan) -> Result<Opened, HostError> {
    let open = request(plan);
    scene.try_open(Open { holder: Holder { surface: SURFACE.into(), ..open.holder }, ..open }).await
}

/// A person deploys it.
async fn by_person(scene: &Scene, plan: &Plan) {
    let id = scene.open(plan).await;
    if !plan.levels.is_empty() {
        scene.obey(&id, forward(0)).await;
    }
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
}

#[track_caller]
fn refused(opened: Result<Opened, HostError>) {
    match opened {
        Err(HostError::Refused(failure)) => assert_eq!(failure.code, "agents-not-allowed"),
        other => panic!("an agent may not: {other:?}"),
    }
}

async fn new_environment(scene: &Scene) {
    for agents in [Agents::Observe, Agents::Plan] {
        refused(by_agent(scene, &plan(scene, &ONE, agents).await).await);
    }
    assert!(by_agent(scene, &plan(scene, &ONE, Agents::Deploy).await).await.is_ok());
}

async fn recorded_rule(scene: &Scene) {
    by_person(scene, &plan(scene, &ONE, Agents::Plan).await).await;
    // It brings a manifest that allows it more.
    let loosened = plan(scene, &TWO, Agents::Deploy).await;
    refused(by_agent(scene, &loosened).await);
    scene.restart().await;
    refused(by_agent(scene, &loosened).await);
    by_person(scene, &loosened).await;
    assert!(by_agent(scene, &plan(scene, &ONE, Agents::Deploy).await).await.is_ok());
}

async fn stricter_at_once(scene: &Scene) {
    by_person(scene, &plan(scene, &ONE, Agents::Deploy).await).await;
    refused(by_agent(scene, &plan(scene, &TWO, Agents::Observe).await).await);
}

async fn changed_rule_alone(scene: &Scene) {
    by_person(scene, &plan(scene, &ONE, Agents::Plan).await).await;
    assert_eq!(scene.look().await.policy, Some(Policy { agents: Agents::Plan, approval: None }));
    let same = plan(scene, &ONE, Agents::Deploy).await;
    assert!(same.levels.is_empty());
    by_person(scene, &same).await;
    assert_eq!(scene.look().await.policy, Some(Policy { agents: Agents::Deploy, approval: None }));
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}
