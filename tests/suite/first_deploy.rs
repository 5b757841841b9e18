//! The example shop, from its manifest to answering.

use plimsoll_testkit::fixtures::{Home, Shop};
use serde_json::Value;

use crate::ask::{get, until};
use crate::project::Project;

#[test]
fn the_shop_is_built_and_answers() {
    let (shop, home) = (Shop::new(), Home::new());
    let ran = home.run(["-C", shop.folder().to_str().expect("a temporary folder has a plain name"), "deploy", "local"]).ended(0);
    for (port, path, text) in [(shop.backend, "/version", "1"), (shop.admin, "/", "<!doctype html>"), (shop.website, "/", "<!doctype html>")] {
        let address = format!("http://localhost:{port}/");
        assert!(ran.stdout.contains(&address), "{address} is not told:\n{}", ran.stdout);
        assert!(get(&format!("http://127.0.0.1:{port}{path}")).to_lowercase().contains(text), "port {port}");
    }

    let status = home.json(shop.folder(), ["status", "local"]).ended(0);
    let components = status.detail("/components").as_array().cloned().expect("components are a list");
    let told: Vec<(&str, &Value)> = components.iter().filter_map(|component| Some((component["name"].as_str()?, &component["healthy"]))).collect();
    assert_eq!(told, [("admin", &Value::Bool(true)), ("backend", &Value::Bool(true)), ("website", &Value::Bool(true))]);
}

#[test]
fn stopping_the_host_leaves_nothing_running() {
    let project = Project::new();
    project.deploy();
    assert_eq!(project.programs().len(), 1);
    let _ = project.home.run(["host", "stop"]).ended(0);
    assert!(project.programs().is_empty());
    // Daemon and keepers end just after they have told so.
    until(Vec::new(), || project.home.processes(""));
}
