//! Ending the daemon.

use plimsoll_model::audit::Actor;
use plimsoll_model::deployment::Stage;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, forward};

cases! { "stopping": the_rest_goes_on, everything, with_a_deployment_open }

const ONE: Program = Program::serves("1");

async fn the_rest_goes_on(scene: &Scene) {
    scene.deploy(&ONE).await;
    let slot = scene.slot().await;
    stop(scene, false).await;
    assert_eq!(scene.version("back").await.as_deref(), Some("1"));
    scene.restart().await;
    assert_eq!(scene.slot().await, slot);
}

async fn everything(scene: &Scene) {
    scene.deploy(&ONE).await;
    stop(scene, true).await;
    assert_eq!(scene.version("back").await, None);
    assert_eq!(scene.stage().ask(scene.port("back")).await, None);
    // It is still on record: the next host brings it back.
    scene.restart().await;
    let served = async {
        while scene.version("back").await.as_deref() != Some("1") {
            scene.pass(20).await;
        }
    };
    served.await;
    assert_eq!(scene.slot().await.slot.as_str(), "back-1");
}

async fn stop(scene: &Scene, everything: bool) {
    scene.host().stop(everything, &Actor::host("ada", "laptop")).await.expect("it stops");
}

async fn with_a_deployment_open(scene: &Scene) {
    let id = scene.begin(&ONE).await;
    stop(scene, false).await;
    scene.restart().await;
    assert_eq!(scene.look().await.open.expect("it is still open").stage, Stage::Running);
    scene.obey(&id, forward(0)).await;
}
