//! An environment is taken away; its history stays.

use crate::project::Project;

#[test]
fn nothing_of_it_is_left_but_its_history() {
    let project = Project::of(&[("api", ""), ("web", "depends_on = [\"api\"]")]);
    project.deploy();
    let told = project.run(["down", "local"]).ended(0);
    assert_eq!((&told.document()["code"], told.detail("/deployment/outcome")), (&"taken-down".into(), "committed".into()));
    let standing = project.standing();
    assert_eq!(standing.components, serde_json::json!([]));
    assert!(standing.programs.is_empty() && standing.folders.is_empty(), "{standing:?}");
    for component in ["api", "web"] {
        assert!(crate::ask::try_get(&project.url(component, "/")).is_err(), "{component} still answers");
    }
    assert_eq!(project.history().len(), 2);

    project.deploy();
    assert_eq!(crate::ask::get(&project.url("web", "/")), "version 1");
}

#[test]
fn a_component_that_left_the_manifest_goes_away() {
    let project = Project::of(&[("web", ""), ("worker", "")]);
    project.deploy();
    let manifest = project.read("plimsoll.toml");
    let (before, after) = (manifest.find("[components.worker]").unwrap(), manifest.find("[environments.local]").unwrap());
    project.write("plimsoll.toml", &format!("{}{}", &manifest[..before], &manifest[after..]));
    let told = project.deploy();
    assert_eq!(told.detail("/deployment/components/1/change"), "remove");
    assert_eq!(project.programs().len(), 1);
    assert!(crate::ask::try_get(&project.url("worker", "/")).is_err());
}
