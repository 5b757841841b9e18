//! Commands of the project at certain moments, with the deployment's facts in their environment.

use crate::project::Project;

const HOOKS: &str = r#"
[hooks]
before_build = "echo before_build >>told; [ ! -e refuse-build ]"
before_switch = "echo before_switch >>told; [ ! -e refuse-switch ]"
after_commit = "echo after_commit $PLIMSOLL_PROJECT $PLIMSOLL_ENVIRONMENT $PLIMSOLL_OUTCOME $PLIMSOLL_DEPLOYMENT >>told"
after_rollback = "echo after_rollback $PLIMSOLL_OUTCOME $PLIMSOLL_FAILURE_CODE >>told"
"#;

#[test]
fn they_run_at_their_moments_and_can_stop_a_deployment() {
    let project = Project::new();
    project.append(HOOKS);
    let told = || {
        let told = project.read("told");
        project.write("told", "");
        told
    };
    let deployed = project.deploy();
    let id = deployed.detail("/deployment/id");
    assert_eq!(told(), format!("before_build\nbefore_switch\nafter_commit tiny local committed {}\n", id.as_str().unwrap()));

    let before = project.standing();
    project.service("web", "2");
    project.write("refuse-switch", "");
    let refused = project.run(["deploy", "local"]).ended(1);
    assert_eq!(refused.document()["code"], "hook-failed");
    assert_eq!(told(), "before_build\nbefore_switch\nafter_rollback rolled_back hook-failed\n");
    assert_eq!(project.standing(), before);

    project.write("refuse-build", "");
    let refused = project.run(["deploy", "local"]).ended(1);
    assert_eq!(refused.document()["code"], "hook-failed");
    assert_eq!(told(), "before_build\n");
    assert_eq!(project.standing(), before);
}
