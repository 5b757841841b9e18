//! What runs, as a person would want to know it.

use plimsoll_api::{Order, Service};
use plimsoll_model::audit::Actor;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key};

cases! { "services": none, healthy, hung, not_yet, while_switched, without_authority }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn none(scene: &Scene) {
    assert_eq!(services(scene).await, []);
}

async fn healthy(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    let service = one(scene).await;
    assert_eq!((service.name.as_str(), service.healthy, &service.trouble), ("back", true, &None));
    assert_eq!((service.version.as_deref(), &service.commit, service.slots.as_slice()), (Some("v"), &None, &[scene.slot().await][..]));
    let served = service.served.expect("it serves");
    assert_eq!((served.release, served.deployment, &served.route), (ONE.release(), Some(id), &service.route));
    let (since, record) = (service.since.expect("it serves"), scene.last().await);
    assert!(since >= record.started_at && since <= record.ended_at.expect("it ended"), "{since}");
}

async fn hung(scene: &Scene) {
    scene.deploy(&ONE).await;
    scene.stage().freeze(&scene.slot().await).await;
    let service = one(scene).await;
    assert_eq!((service.healthy, service.served.is_some()), (false, true));
    assert!(service.trouble.is_some_and(|trouble| !trouble.is_empty()));
}

async fn not_yet(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.obey(&id, [Order::Prepare { level: 0 }]).await;
    let service = one(scene).await;
    assert_eq!((service.healthy, &service.served, service.since, &service.version), (false, &None, None, &None));
    assert!(service.trouble.is_some());
    assert_eq!(service.slots.len(), 1);
}

async fn while_switched(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    scene.obey(&id, forward(0)).await;
    let service = one(scene).await;
    let served = service.served.expect("it serves");
    assert_eq!((service.healthy, served.release, served.deployment), (true, TWO.release(), Some(id)));
    let slots: Vec<&str> = service.slots.iter().map(|slot| slot.slot.as_str()).collect();
    assert_eq!(slots, ["back-1", "back-2"]);
}

async fn without_authority(scene: &Scene) {
    scene.deploy(&ONE).await;
    let by = Actor::host("somebody", "somewhere");
    assert_eq!(scene.host().renew_certificates(&key("local"), true, &by).await.expect("there is nothing to renew"), []);
    assert_eq!(one(scene).await.enrolled, None);
}

async fn services(scene: &Scene) -> Vec<Service> {
    scene.host().services(&key("local")).await.expect("they can be listed")
}

async fn one(scene: &Scene) -> Service {
    <[_; 1]>::try_from(services(scene).await).expect("there is one service")[0].clone()
}
