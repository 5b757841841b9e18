//! What is on record of who did what.

use plimsoll_api::{AuditPage, AuditQuery, Order};
use plimsoll_model::audit::{Action, Actor, Deed, Ending, Mark, verify_whole};
use plimsoll_model::deployment::Holder;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key, request, roll_back};

cases! { "audit": a_chain, deployments, refusals, what_the_host_does_alone, noted, stops, pages, upgrades }

const ONE: Program = Program::serves("1");
const ALL: u32 = 1000;

async fn a_chain(scene: &Scene) {
    let begun = page(scene, AuditQuery { limit: ALL, ..AuditQuery::default() }).await;
    assert_eq!((begun.anchor, told(&begun)), (Mark::START, vec![(Action::HostUpgrade, Ending::Done)]), "the host says which build it is");
    scene.deploy(&ONE).await;
    scene.restart().await;
    let later = page(scene, AuditQuery { limit: ALL, ..AuditQuery::default() }).await;
    assert_eq!(later.rows[..1], begun.rows[..], "what is on record stays as it is");
    assert_eq!(verify_whole(&later.anchor, &later.rows, &later.head), Ok(later.head));
    assert_eq!(later.rows.last().expect("there is one").mark(), later.head);
}

async fn deployments(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    let plan = scene.last().await.plan;
    let page = of_environment(scene).await;
    assert_eq!(told(&page), [(Action::Deploy, Ending::Begun), (Action::Deploy, Ending::Committed)]);
    for deed in deeds(&page) {
        assert_eq!((deed.deployment, deed.plan, deed.reason.as_deref()), (Some(id.clone()), Some(plan), Some("why not")));
        assert_eq!((deed.actor.user.as_str(), deed.actor.machine.as_str()), ("ada", "laptop"));
    }
    let id = scene.begin(&ONE).await;
    scene.obey(&id, [roll_back()]).await;
    let last = deeds(&of_environment(scene).await).pop().expect("there is one");
    assert_eq!((last.action, last.outcome, last.deployment), (Action::Deploy, Ending::RolledBack, Some(id)));
    assert_eq!(last.failure.expect("it says why").code, "changed-my-mind");
}

async fn refusals(scene: &Scene) {
    let plan = scene.plan(scene.back(&ONE)).await;
    scene.deploy(&ONE).await;
    scene.try_open(request(&plan)).await.expect_err("it is stale");
    let last = deeds(&of_environment(scene).await).pop().expect("there is one");
    assert_eq!((last.action, last.outcome, last.plan), (Action::Deploy, Ending::Refused, Some(plan.hash())));
    assert_eq!(last.failure.expect("it says why").code, "plan-stale");
}

async fn what_the_host_does_alone(scene: &Scene) {
    let id = scene.begin_for(&ONE, 100).await;
    scene.settled().await;
    let page = of_environment(scene).await;
    assert_eq!(told(&page), [(Action::Deploy, Ending::Begun), (Action::AutomaticRollback, Ending::Begun), (Action::Deploy, Ending::RolledBack)]);
    let by_itself = deeds(&page).swap_remove(1);
    assert_eq!(by_itself.deployment, Some(id));
    assert_ne!(by_itself.actor.user, "ada", "it was not who ran the deployment");
}

async fn noted(scene: &Scene) {
    let deed = Deed { environment: Some(key("local")), ..Deed::new(ada(), Action::Resume, Ending::Done) };
    scene.host().note(deed.clone()).await.expect("it is put on record");
    assert_eq!(deeds(&of_environment(scene).await), std::slice::from_ref(&deed));
    for action in [Action::Deploy, Action::HostStop, Action::Prune] {
        let error = scene.host().note(Deed { action, ..deed.clone() }).await.expect_err("the host does that itself");
        assert_eq!(error.code(), "request-unfit", "{action}");
    }
    assert_eq!(deeds(&of_environment(scene).await).len(), 1);
}

async fn stops(scene: &Scene) {
    scene.host().stop(false, &ada()).await.expect("it stops");
    scene.restart().await;
    let page = page(scene, AuditQuery { limit: ALL, ..AuditQuery::default() }).await;
    let last = deeds(&page).pop().expect("there is one");
    assert_eq!((last.action, last.outcome, last.actor), (Action::HostStop, Ending::Begun, ada()));
}

async fn pages(scene: &Scene) {
    scene.deploy(&ONE).await;
    let ask = |after, limit| page(scene, AuditQuery { after, limit, ..AuditQuery::default() });
    let all = ask(None, ALL).await.rows;
    assert_eq!(all.iter().map(|row| row.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(ask(None, 2).await.rows, all[1..]);
    assert_eq!(ask(Some(1), 1).await.rows, all[1..2]);
    assert_eq!(ask(Some(3), ALL).await.rows, []);
    assert_eq!(page(scene, AuditQuery { key: Some(key("other")), limit: ALL, ..AuditQuery::default() }).await.rows, []);
    let since = Some(all[2].read().expect("it is an entry").at.plus(1));
    assert_eq!(page(scene, AuditQuery { since, limit: ALL, ..AuditQuery::default() }).await.rows, []);
}

async fn upgrades(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    assert_eq!(scene.host().upgrade(&ada()).await.expect_err("a deployment is under way").code(), "host-busy");
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    let upgraded = scene.host().upgrade(&ada()).await.expect("nothing is in its way");
    assert_eq!(upgraded.proxy, None, "it is of the same build");
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
}

fn ada() -> Actor {
    Actor::from(&Holder { user: "ada".into(), machine: "laptop".into(), pid: 7, surface: "cli".into() })
}

async fn page(scene: &Scene, query: AuditQuery) -> AuditPage {
    scene.host().audit(query).await.expect("there is an audit log")
}

async fn of_environment(scene: &Scene) -> AuditPage {
    page(scene, AuditQuery { key: Some(key("local")), limit: ALL, ..AuditQuery::default() }).await
}

fn deeds(page: &AuditPage) -> Vec<Deed> {
    page.rows.iter().map(|row| row.read().expect("it is an entry").deed).collect()
}

fn told(page: &AuditPage) -> Vec<(Action, Ending)> {
    deeds(page).iter().map(|deed| (deed.action, deed.outcome)).collect()
}
