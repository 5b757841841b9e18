//! Only what changed gets steps, and only its slots are replaced.

use std::collections::BTreeSet;

use plimsoll_testkit::fixtures::{Home, Shop};
use serde_json::Value;

use crate::project::Project;

/// The components that steps of a plan belong to.
fn touched(plan: &Value) -> BTreeSet<String> {
    let levels = plan["levels"].as_array().expect("levels are a list");
    let works = levels.iter().filter_map(|level| level["hosts"]["local"].as_array()).flatten();
    works.map(|work| work["component"].as_str().expect("a component has a name").to_owned()).collect()
}

#[test]
fn a_change_to_the_admin_site_touches_only_that() {
    let (shop, home) = (Shop::new(), Home::new());
    let _ = home.json(shop.folder(), ["deploy", "local"]).ended(0);
    let backend = || home.json(shop.folder(), ["status", "local"]).detail("/components/1");
    let before = backend();

    shop.edit("admin/site/index.html", "<body>", "<body><p>changed</p>");
    let plan = home.json(shop.folder(), ["plan", "local"]).ended(0).detail("/plan");
    assert_eq!(touched(&plan), BTreeSet::from(["admin".to_owned()]), "{plan:#}");
    let deployed = home.json(shop.folder(), ["deploy", "local"]).ended(0);
    assert_eq!(deployed.detail("/deployment/plan"), plan["hash"]);

    assert!(crate::ask::get(&format!("http://127.0.0.1:{}/", shop.admin)).contains("changed"));
    assert_eq!((backend(), &before["name"]), (before.clone(), &"backend".into()));
}

#[test]
fn a_change_of_configuration_starts_the_same_release_anew() {
    let project = Project::of(&[("web", ""), ("worker", "")]);
    project.deploy();
    let before = project.standing();
    project.edit("[components.web]", "[components.web]\nenv = { COLOUR = \"green\" }");
    let deployed = project.deploy();
    let changes: Vec<Value> = ["0", "1"].map(|index| deployed.detail(&format!("/deployment/components/{index}/change"))).into();
    assert_eq!(changes, ["configuration", "none"]);
    let after = project.standing();
    assert_eq!(after.programs.intersection(&before.programs).count(), 1, "one of two programs is a new one");
    assert_eq!(after.components[0]["release"], before.components[0]["release"]);
    assert_eq!(after.components[1], before.components[1]);
}
