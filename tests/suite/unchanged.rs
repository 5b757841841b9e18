//! Where nothing changed nothing is done.

use crate::project::Project;

#[test]
fn a_second_deployment_does_nothing() {
    let project = Project::new();
    project.deploy();
    let (before, recorded) = (project.standing(), project.history());
    let again = project.deploy();
    assert_eq!((again.document()["code"].as_str(), again.detail("/deployment/outcome")), (Some("unchanged"), "unchanged".into()));
    assert_eq!((project.standing(), project.history()), (before, recorded));
}

#[test]
fn a_plan_that_was_seen_is_carried_out_and_a_stale_one_refused() {
    let project = Project::new();
    let seen = project.run(["plan", "local"]).ended(0).detail("/plan/hash");
    let seen = seen.as_str().expect("a hash is text");
    let _ = project.run(["deploy", "local", "--plan", seen]).ended(0);
    project.service("web", "2");
    let before = project.standing();
    let refused = project.run(["deploy", "local", "--plan", seen]).ended(5);
    assert_eq!(refused.document()["code"], "plan-stale", "{}", refused.stdout);
    assert_eq!(project.standing(), before);
}
