//! Logs of the runs of deployments.

use plimsoll_api::HostError;
use plimsoll_model::DeploymentId;

use super::cases;
use crate::conformance::program::Program;
use crate::conformance::scene::{Scene, key, roll_back};

cases! { "runs": kept, of_what_is_open_and_of_what_was_rolled_back, of_no_deployment, of_its_environment, the_end_of_a_long_one }

const ONE: Program = Program::serves("1");
const TWO: Program = Program::serves("2");

async fn kept(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    assert_eq!(log(scene, &id, None).await, Ok(None));
    assert_eq!(log(scene, &id, Some("one\n")).await, Ok(None));
    assert_eq!(log(scene, &id, Some("one\ntwo é\n")).await, Ok(Some("one\n".into())), "what was kept until then");
    scene.restart().await;
    assert_eq!(log(scene, &id, None).await, Ok(Some("one\ntwo é\n".into())));
}

async fn of_what_is_open_and_of_what_was_rolled_back(scene: &Scene) {
    scene.deploy(&ONE).await;
    let id = scene.begin(&TWO).await;
    assert_eq!(log(scene, &id, Some("under way")).await, Ok(None));
    scene.obey(&id, [roll_back()]).await;
    assert_eq!(log(scene, &id, Some("rolled back")).await, Ok(Some("under way".into())));
    assert_eq!(log(scene, &id, None).await, Ok(Some("rolled back".into())));
}

async fn of_no_deployment(scene: &Scene) {
    let id = DeploymentId::new("20260101-000000000-abcd").expect("it is a name");
    assert!(matches!(log(scene, &id, Some("x")).await, Err(HostError::NotFound(_))));
}

/// Who may see an environment sees its logs, and no others.
async fn of_its_environment(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    let _ = log(scene, &id, Some("x")).await;
    let asked = scene.host().run_log(&key("other"), &id, None).await;
    assert!(matches!(asked, Err(HostError::NotFound(_))), "{asked:?}");
}

async fn the_end_of_a_long_one(scene: &Scene) {
    let id = scene.deploy(&ONE).await;
    let long = format!("{}the end\n", "a line\n".repeat(100_000));
    let _ = log(scene, &id, Some(&long)).await;
    let kept = log(scene, &id, None).await.expect("it answers").expect("one is kept");
    assert!(kept.len() < long.len() && kept.starts_with("a line\n") && kept.ends_with("the end\n"), "{} bytes", kept.len());
}

async fn log(scene: &Scene, id: &DeploymentId, keep: Option<&str>) -> Result<Option<String>, HostError> {
    scene.host().run_log(&key("local"), id, keep.map(str::to_owned)).await
}
