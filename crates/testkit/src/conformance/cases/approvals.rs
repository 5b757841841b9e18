//! Approvals: asked of the host, and good once, for a while, and for one plan.

use plimsoll_api::{ApprovalQuery, ApprovalWork, HostError, Open, Opened, Order};
use plimsoll_model::agents::{Agents, SURFACE};
use plimsoll_model::approval::{Approval, ApprovalRule, Asked, LONGEST_MS, Whose};
use plimsoll_model::deployment::Holder;
use plimsoll_model::plan::{Desired, Plan};
use plimsoll_model::time::Moment;
use plimsoll_model::{DeploymentId, EnvironmentKey, PlanHash, Policy};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key, request, roll_back};
use crate::fixtures::approver::Signer;

cases! { "approvals": wanted, good_once, of_agents_alone, forged, of_another, in_their_time, who_approves_is_on_record, asked_again, however_many_fail }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

/// A plan after which plans have to be approved by one of these.
async fn plan(scene: &Scene, program: &Program, of: Whose, by: &Signer) -> Plan {
    scene.supply("back", program).await;
    let plan = scene.plan(scene.back(program)).await;
    let approval = Some(ApprovalRule { of, by: [by.approver()].into() });
    Plan { desired: Desired { policy: Some(Policy { agents: Agents::Deploy, approval }), ..plan.desired }, ..plan }
}

fn holder(surface: &str) -> Holder {
    Holder { user: "ada".into(), machine: "laptop".into(), pid: 7, surface: surface.into() }
}

async fn open(scene: &Scene, plan: &Plan, surface: &str) -> Result<Opened, HostError> {
    scene.try_open(Open { holder: holder(surface), ..request(plan) }).await
}

async fn ask(scene: &Scene, key: EnvironmentKey, work: ApprovalWork) -> Result<Vec<Asked>, HostError> {
    scene.host().approvals(ApprovalQuery { key, work, by: holder("cli") }).await
}

/// A signed approval that is good for a minute.
async fn approval(scene: &Scene, plan: PlanHash, by: &Signer, nonce: &str) -> Approval {
    let until = now(scene).await.plus(60_000);
    by.sign(Approval { key: key("local"), plan, by: by.approver(), until, nonce: nonce.into(), signature: String::new() })
}

/// The time by the host's clock.
async fn now(scene: &Scene) -> Moment {
    let plan = scene.plan(scene.back(&ONE)).await;
    let asked = ask(scene, key("local"), ApprovalWork::Ask { plan: Box::new(plan), reason: None }).await;
    asked.expect("everyone may ask")[0].at
}

async fn give(scene: &Scene, approval: Approval) -> Result<Vec<Asked>, HostError> {
    ask(scene, key("local"), ApprovalWork::Give { approval: Box::new(approval) }).await
}

/// Brings it to its good end.
async fn finish(scene: &Scene, id: &DeploymentId) {
    scene.obey(id, forward(0)).await;
    scene.obey(id, [Order::Decide, Order::Commit]).await;
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, HostError>, code: &str) {
    match answer {
        Err(HostError::Refused(failure)) => assert_eq!(failure.code, code, "{failure:?}"),
        other => panic!("expected {code}: {other:?}"),
    }
}

async fn wanted(scene: &Scene) {
    let ann = Signer::of(1);
    let plan = plan(scene, &ONE, Whose::Everyone, &ann).await;
    refused(open(scene, &plan, "cli").await, "approval-needed");
    let work = ApprovalWork::Ask { plan: Box::new(plan.clone()), reason: Some("it is time".into()) };
    let asked = ask(scene, key("local"), work).await.expect("everyone may ask");
    assert_eq!((asked.len(), &asked[0].plan, &asked[0].reason, &asked[0].approval), (1, &plan, &Some("it is time".into()), &None));
    scene.restart().await;
    let given = approval(scene, plan.hash(), &ann, "a").await;
    let answered = give(scene, given.clone()).await.expect("ann can approve");
    assert_eq!(answered.iter().map(|asked| asked.approval.as_ref()).collect::<Vec<_>>(), [Some(&given)]);
    scene.restart().await;
    let opened = open(scene, &plan, "cli").await.expect("it is approved");
    assert_eq!(scene.last().await.approval.as_deref(), Some(&given));
    let left = ask(scene, key("local"), ApprovalWork::List).await.expect("everyone may look");
    assert!(left.iter().all(|asked| asked.plan != plan), "it waits no more");
    scene.obey(&opened.id, [roll_back()]).await;
}

async fn good_once(scene: &Scene) {
    let ann = Signer::of(1);
    let plan = plan(scene, &ONE, Whose::Everyone, &ann).await;
    let given = approval(scene, plan.hash(), &ann, "a").await;
    give(scene, given.clone()).await.expect("ann can approve");
    give(scene, given.clone()).await.expect("saying it twice is saying it once");
    let opened = open(scene, &plan, "cli").await.expect("it is approved");
    scene.obey(&opened.id, [roll_back()]).await;
    // The world is as it was, so the same plan could be carried out again.
    refused(open(scene, &plan, "cli").await, "approval-needed");
    scene.restart().await;
    give(scene, given).await.expect("it is no other approval than before");
    refused(open(scene, &plan, "cli").await, "approval-needed");
    give(scene, approval(scene, plan.hash(), &ann, "b").await).await.expect("ann can approve once more");
    let opened = open(scene, &plan, "cli").await.expect("it is approved once more");
    scene.obey(&opened.id, [roll_back()]).await;
}

async fn of_agents_alone(scene: &Scene) {
    let ann = Signer::of(1);
    let first = plan(scene, &ONE, Whose::Agents, &ann).await;
    refused(open(scene, &first, SURFACE).await, "approval-needed");
    let opened = open(scene, &first, "cli").await.expect("people need none");
    scene.obey(&opened.id, [roll_back()]).await;
    give(scene, approval(scene, first.hash(), &ann, "a").await).await.expect("ann can approve");
    let opened = open(scene, &first, SURFACE).await.expect("it is approved");
    scene.obey(&opened.id, [roll_back()]).await;
}

async fn forged(scene: &Scene) {
    let (ann, eve) = (Signer::of(1), Signer::of(2));
    let (one, two) = (plan(scene, &ONE, Whose::Everyone, &ann).await, plan(scene, &TWO, Whose::Everyone, &ann).await);
    let good = approval(scene, one.hash(), &ann, "a").await;
    let by_eve = eve.sign(Approval { by: ann.approver(), ..good.clone() });
    for (what, changed) in [
        ("eve says that she is ann", by_eve),
        ("of another plan", Approval { plan: two.hash(), ..good.clone() }),
        ("for longer", Approval { until: good.until.plus(1), ..good.clone() }),
        ("once more", Approval { nonce: "b".into(), ..good.clone() }),
        ("no signature", Approval { signature: String::new(), ..good.clone() }),
        ("cut off", Approval { signature: good.signature[..good.signature.len() / 2].into(), ..good.clone() }),
    ] {
        let refused = give(scene, changed).await.expect_err(what);
        assert_eq!(refused.code(), "approval-forged", "{what}");
    }
    // Nothing says yet who can approve here, so the host keeps it; that it is not ann's shows when it is to be used.
    give(scene, approval(scene, one.hash(), &eve, "e").await).await.expect("nothing is on record");
    refused(open(scene, &one, "cli").await, "approval-needed");
}

async fn of_another(scene: &Scene) {
    let ann = Signer::of(1);
    let plan = plan(scene, &ONE, Whose::Everyone, &ann).await;
    let elsewhere = ann.sign(Approval { key: key("dev"), ..approval(scene, plan.hash(), &ann, "a").await });
    refused(give(scene, elsewhere.clone()).await, "approval-unfit");
    ask(scene, key("dev"), ApprovalWork::Give { approval: Box::new(elsewhere) }).await.expect("there it is one");
    refused(open(scene, &plan, "cli").await, "approval-needed");
}

async fn in_their_time(scene: &Scene) {
    let ann = Signer::of(1);
    let plan = plan(scene, &ONE, Whose::Everyone, &ann).await;
    let (good, now) = (approval(scene, plan.hash(), &ann, "a").await, now(scene).await);
    refused(give(scene, ann.sign(Approval { until: now, ..good.clone() })).await, "approval-late");
    refused(give(scene, ann.sign(Approval { until: now.plus(2 * LONGEST_MS), ..good.clone() })).await, "approval-unfit");
    give(scene, ann.sign(Approval { until: now.plus(2_000), ..good })).await.expect("it is good for a while");
    scene.pass(2_100).await;
    refused(open(scene, &plan, "cli").await, "approval-needed");
}

async fn who_approves_is_on_record(scene: &Scene) {
    let (ann, eve) = (Signer::of(1), Signer::of(2));
    let first = plan(scene, &ONE, Whose::Everyone, &ann).await;
    give(scene, approval(scene, first.hash(), &ann, "a").await).await.expect("ann can approve");
    let opened = open(scene, &first, "cli").await.expect("it is approved");
    finish(scene, &opened.id).await;
    // A manifest that names somebody else, or nobody.
    let usurped = plan(scene, &TWO, Whose::Agents, &eve).await;
    refused(give(scene, approval(scene, usurped.hash(), &eve, "b").await).await, "approver-unknown");
    let freed = Plan { desired: Desired { policy: None, ..usurped.desired.clone() }, ..usurped.clone() };
    for plan in [&usurped, &freed] {
        refused(open(scene, plan, "cli").await, "approval-needed");
    }
    give(scene, approval(scene, usurped.hash(), &ann, "c").await).await.expect("ann can let somebody else approve");
    let opened = open(scene, &usurped, "cli").await.expect("it is approved");
    finish(scene, &opened.id).await;
    let last = plan(scene, &ONE, Whose::Agents, &eve).await;
    refused(give(scene, approval(scene, last.hash(), &ann, "d").await).await, "approver-unknown");
}

async fn asked_again(scene: &Scene) {
    let ann = Signer::of(1);
    for program in [ONE, TWO, ONE] {
        let plan = plan(scene, &program, Whose::Everyone, &ann).await;
        ask(scene, key("local"), ApprovalWork::Ask { plan: Box::new(plan), reason: None }).await.expect("everyone may ask");
    }
    assert_eq!(ask(scene, key("local"), ApprovalWork::List).await.expect("everyone may look").len(), 2);
    assert!(ask(scene, key("dev"), ApprovalWork::List).await.expect("everyone may look").is_empty());
}

/// Rules are not forgotten because much has failed since they were put on record.
async fn however_many_fail(scene: &Scene) {
    let ann = Signer::of(1);
    let first = plan(scene, &ONE, Whose::Agents, &ann).await;
    let opened = open(scene, &first, "cli").await.expect("people need none");
    finish(scene, &opened.id).await;
    let freed = plan(scene, &TWO, Whose::Agents, &ann).await;
    let freed = Plan { desired: Desired { policy: Some(Policy { agents: Agents::Deploy, approval: None }), ..freed.desired }, ..freed };
    for _ in 0..51 {
        let opened = open(scene, &freed, "cli").await.expect("people need none");
        scene.obey(&opened.id, [roll_back()]).await;
    }
    refused(open(scene, &freed, SURFACE).await, "approval-needed");
}
