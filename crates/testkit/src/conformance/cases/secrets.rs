//! Secrets: told apart, kept for who needs them, and not shown.

use std::collections::BTreeMap;

use plimsoll_api::{Open, Order, SecretValues};
use plimsoll_model::plan::{DesiredKind, Plan};
use plimsoll_model::{Digest, Secret};

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward, key, name, request, roll_back};

cases! { "secrets": equal_for_equal_values, keyed, none, missing, kept_for_a_restart, kept_however_many_fail }

const ONE: Program = Program::serves("1");

/// More deployments than the values of secrets are kept for.
const MANY: u32 = 25;

async fn equal_for_equal_values(scene: &Scene) {
    let before = digest(scene, "local", "KEY", "hunter22").await;
    assert_eq!(digest(scene, "local", "KEY", "hunter22").await, before);
    assert_ne!(digest(scene, "local", "KEY", "hunter23").await, before);
    assert_ne!(digest(scene, "local", "OTHER", "hunter22").await, before, "that two secrets are equal is nobody's business");
    scene.restart().await;
    assert_eq!(digest(scene, "local", "KEY", "hunter22").await, before);
}

async fn keyed(scene: &Scene) {
    let here = digest(scene, "local", "KEY", "hunter22").await;
    assert_ne!(digest(scene, "other", "KEY", "hunter22").await, here, "each environment has a key of its own");
    for guess in ["hunter22", "KEY\0hunter22", "KEY=hunter22"] {
        assert_ne!(here, Digest::of(guess.as_bytes()));
    }
}

async fn none(scene: &Scene) {
    let told = scene.host().digest_secrets(&key("local"), SecretValues::default()).await;
    assert_eq!(told.expect("there is nothing to hash"), BTreeMap::new());
}

async fn missing(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let id = scene.open(&with_secret(scene).await).await;
    let error = scene.tell(&id, Order::Prepare { level: 0 }).await.answer.expect_err("nobody brought its value");
    assert_eq!(error.code(), "secret-gone", "{error}");
    scene.obey(&id, [roll_back()]).await;
}

async fn kept_for_a_restart(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let plan = with_secret(scene).await;
    let id = scene.try_open(Open { secrets: values("KEY", "hunter22"), ..request(&plan) }).await.expect("it begins").id;
    scene.restart().await;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
    // What is rolled back to later has the values of its time.
    scene.deploy(&Program::serves("2")).await;
    let again = scene.open(&with_secret(scene).await).await;
    scene.obey(&again, forward(0)).await;
}

async fn kept_however_many_fail(scene: &Scene) {
    scene.supply("back", &ONE).await;
    let id = scene.try_open(Open { secrets: values("KEY", "hunter22"), ..request(&with_secret(scene).await) }).await.expect("it begins").id;
    scene.obey(&id, forward(0)).await;
    scene.obey(&id, [Order::Decide, Order::Commit]).await;
    scene.deploy(&Program::serves("2")).await;
    for _ in 0..MANY {
        let id = scene.begin(&Program::serves("3")).await;
        scene.obey(&id, [roll_back()]).await;
    }
    scene.settled().await;
    let again = scene.open(&with_secret(scene).await).await;
    scene.obey(&again, forward(0)).await;
}

async fn with_secret(scene: &Scene) -> Plan {
    let mut desired = scene.back(&ONE);
    for wanted in desired.components.values_mut() {
        if let DesiredKind::Process(spec) = &mut wanted.kind {
            spec.secrets = BTreeMap::from([("KEY".to_owned(), Digest::of(b"told apart"))]);
        }
    }
    scene.plan(desired).await
}

async fn digest(scene: &Scene, environment: &str, secret: &str, value: &str) -> Digest {
    let told = scene.host().digest_secrets(&key(environment), values(secret, value)).await.expect("values can be hashed");
    told[&name("back")][secret]
}

fn values(secret: &str, value: &str) -> SecretValues {
    SecretValues(BTreeMap::from([(name("back"), BTreeMap::from([(secret.to_owned(), Secret::new(value.to_owned()))]))]))
}
