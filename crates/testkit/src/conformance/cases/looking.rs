//! What a host tells of itself.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::{HostError, Look, Order, SchemaQuery};
use plimsoll_model::plan::{Observed, PortUse, Target};
use plimsoll_model::slot::Condition;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key, name, roll_back};
use crate::fixtures::free_port;

cases! { "looking": nothing, facts, busy, schemas, after_a_deployment, what_is_rolled_back_leaves_nothing, used_last_comes_first, ports, ports_of_routes_to_come, routes_of_others, again_after_a_restart }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn nothing(scene: &Scene) {
    let seen = scene.look_for(&key("local"), [ONE]).await;
    let facts = scene.host().facts().await.expect("a host has facts");
    assert!(seen.disk_free_bytes > 0);
    assert_eq!(Observed { disk_free_bytes: 0, ..seen }, empty(facts.platform));
}

async fn facts(scene: &Scene) {
    let facts = scene.host().facts().await.expect("a host has facts");
    assert!([&facts.version, &facts.build, &facts.platform, &facts.machine, &facts.folder].iter().all(|text| !text.is_empty()), "{facts:?}");
    assert!(facts.pid > 0 && facts.cores > 0 && facts.memory_bytes > 0 && facts.disk_free_bytes > 0, "{facts:?}");
    assert_eq!((facts.proxy_pid, facts.environments.as_slice(), facts.busy), (None, &[][..], false));
    let later = scene.host().facts().await.expect("a host has facts");
    assert_eq!((later.started_at, later.pid, later.build), (facts.started_at, facts.pid, facts.build));
}

async fn busy(scene: &Scene) {
    let told = async || {
        let facts = scene.host().facts().await.expect("a host has facts");
        (facts.busy, facts.environments, facts.proxy_pid.is_some())
    };
    let id = scene.begin(&ONE).await;
    assert_eq!(told().await, (true, vec![key("local")], false));
    scene.obey(&id, forward(0)).await;
    assert_eq!(told().await, (true, vec![key("local")], true));
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert_eq!(told().await, (false, vec![key("local")], true));
}

async fn schemas(scene: &Scene) {
    let ask = async || scene.host().schemas(SchemaQuery { key: key("local"), database: None }).await;
    assert_eq!(ask().await.ok(), Some(BTreeMap::new()));
    let id = scene.begin(&ONE).await;
    let refused = ask().await;
    assert!(matches!(&refused, Err(HostError::Refused(failure)) if failure.code == "deployment-under-way"), "{refused:?}");
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert_eq!(ask().await.ok(), Some(BTreeMap::new()), "what serves is no database");
}

async fn after_a_deployment(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    let seen = scene.look_for(&key("local"), [ONE, TWO]).await;
    assert_eq!((&seen.releases, &seen.open), (&BTreeSet::from([ONE.release()]), &None));
    assert!(seen.durations_ms.contains_key(&name("back")), "{:?}", seen.durations_ms);
    let back = &seen.components[&name("back")];
    let wanted = scene.back(&ONE).components.remove(&name("back")).expect("it is wanted");
    let served = back.served.as_ref().expect("it serves");
    assert_eq!(served.target, Target::Slot { slot: "back-1".parse().expect("it is a name") });
    assert_eq!((served.release, served.config, &served.route), (ONE.release(), wanted.config(), &wanted.route));
    assert_eq!(served.deployment, Some(id));
    assert_eq!((back.next_slot, back.staged.as_slice(), &back.needed), (2, &[ONE.release()][..], &BTreeSet::from([ONE.release()])));
    let slot = scene.slot().await;
    assert_eq!((slot.slot.as_str(), slot.release, slot.config), ("back-1", ONE.release(), wanted.config()));
    assert_eq!((slot.condition, slot.restarts, slot.pid.is_some()), (Condition::Running, 0, true));
    assert_eq!(scene.stage().ask(slot.port).await.as_deref(), Some("1"), "the slot listens where it was told to");
}

async fn what_is_rolled_back_leaves_nothing(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [roll_back()]).await;
    let seen = scene.look().await;
    let back = &seen.components[&name("back")];
    assert_eq!((&back.served, back.slots.as_slice(), back.staged.as_slice()), (&None, &[][..], &[][..]));
    assert_eq!(back.next_slot, 2, "the name of a slot is not given twice");
    assert_eq!(scene.version("back").await, None);
}

async fn used_last_comes_first(scene: &Scene) {
    scene.deploy(&ONE).await;
    scene.deploy(&TWO).await;
    let staged = async || scene.look().await.components[&name("back")].staged.clone();
    assert_eq!(staged().await, [TWO.release(), ONE.release()]);
    scene.deploy(&ONE).await;
    assert_eq!(staged().await, [ONE.release(), TWO.release()]);
}

async fn ports(scene: &Scene) {
    scene.deploy(&ONE).await;
    let (routed, other, free) = (scene.port("back"), free_port(), free_port());
    let _program = scene.stage().occupy(other).await;
    let look = Look { ports: [routed, other, free].into(), ..Look::at(key("local")) };
    let seen = scene.host().observe(look).await.expect("a host can be observed");
    assert_eq!(seen.ports, [(routed, PortUse::Proxy), (other, PortUse::Other)].into());
}

/// Among those that hosts give to slots: the first that the simulated one does.
const PORT: u16 = 20_000;

async fn ports_of_routes_to_come(scene: &Scene) {
    let mut desired = scene.back_and_front(&ONE, &TWO);
    let front = desired.components.get_mut(&name("front")).and_then(|front| front.route.as_mut()).expect("it has a route");
    front.matches.port = PORT;
    scene.supply("back", &ONE).await;
    let id = scene.open(&scene.plan(desired).await).await;
    scene.obey(&id, [Order::Prepare { level: 0 }]).await;
    assert_ne!(scene.slot().await.port, PORT, "the route of the next level could not be opened");
}

async fn routes_of_others(scene: &Scene) {
    scene.deploy(&ONE).await;
    let matches = scene.back(&ONE).components[&name("back")].route.clone().expect("it has a route").matches;
    assert_eq!(scene.look_for(&key("other"), []).await.foreign_routes, [(key("local"), matches)]);
    assert_eq!(scene.look().await.foreign_routes, []);
}

async fn again_after_a_restart(scene: &Scene) {
    scene.deploy(&ONE).await;
    let (seen, facts) = (scene.look().await, scene.host().facts().await.expect("a host has facts"));
    scene.restart().await;
    let again = scene.look().await;
    assert_eq!((again.components, again.durations_ms), (seen.components, seen.durations_ms));
    let later = scene.host().facts().await.expect("a host has facts");
    assert_eq!((later.environments, later.proxy_pid), (facts.environments, facts.proxy_pid));
    assert!(later.started_at >= facts.started_at);
}

fn empty(platform: String) -> Observed {
    Observed {
        platform,
        components: [].into(),
        releases: [].into(),
        ports: [].into(),
        foreign_routes: vec![],
        one_protocol: false,
        databases: [].into(),
        disk_free_bytes: 0,
        open: None,
        policy: None,
        durations_ms: [].into(),
        steps_ms: [].into(),
    }
}
