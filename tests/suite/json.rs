//! The shapes that tools rely on.

use serde_json::Value;

use crate::project::Project;

/// Asserts that an object has these keys.
#[track_caller]
fn assert_keys(object: &Value, keys: &[&str]) {
    for key in keys {
        assert!(object.get(key).is_some(), "{key} is missing: {object:#}");
    }
}

#[test]
fn every_command_answers_in_one_shape() {
    let project = Project::new();
    project.commit("one");
    let plan = project.run(["plan", "local"]).ended(0);
    assert_keys(&plan.detail("/plan"), &["hash", "levels", "expects", "estimates"]);
    let deployed = project.deploy();
    let deployment = deployed.detail("/deployment");
    assert_keys(&deployment, &["id", "outcome", "duration_ms", "plan", "commit", "components"]);
    assert_eq!((&deployment["outcome"], &deployment["plan"]), (&"committed".into(), &plan.detail("/plan/hash")));
    let status = project.run(["status", "local"]).ended(0);
    assert_keys(&status.detail(""), &["components", "deployment"]);
    assert_keys(&status.detail("/components/0"), &["name", "release", "version", "commit", "healthy", "url", "slots"]);
    let history = project.run(["history", "local"]).ended(0);
    assert_keys(&history.detail("/deployments/0"), &["id", "outcome", "started_at", "duration_ms", "actor", "surface", "commit", "components"]);
    let id = deployment["id"].as_str().expect("a deployment has a name");
    let shown = project.run(["show", "local", id]).ended(0);
    assert_eq!(shown.detail("/deployment/id"), id);
    let answers = [plan, deployed, status, history, shown, project.run(["check"]).ended(0), project.run(["logs", "local"]).ended(0)];
    for answer in answers {
        assert_keys(&answer.document(), &["success", "code", "details", "help"]);
        assert_eq!(answer.document()["success"], true);
    }
}

#[test]
fn events_are_documents_and_the_last_is_the_answer() {
    let project = Project::new();
    let mut deploying = project.begin("deploy");
    deploying.until(&[("/event", "planned")]);
    for phase in ["prepare", "switch", "verify"] {
        deploying.until_phase(phase);
    }
    deploying.until(&[("/note", "decided")]);
    let ended = deploying.finish().ended(0);
    assert_keys(&ended.document(), &["success", "code", "details", "help"]);
    assert_eq!(ended.detail("/deployment/outcome"), "committed");
}
