//! What a simulation tells is what a deployment then does; the simulation itself does nothing.

use serde_json::{Value, json};

use crate::project::Project;

/// The steps that a deployment tells to have done or undone, each as level, phase, component and place.
fn happened(project: &Project, plan: &str, what: &str) -> Vec<Value> {
    let folder = project.folder().to_str().expect("a temporary folder has a plain name");
    let ran = project.home.run(["-C", folder, "deploy", "local", "--plan", plan, "--events"]);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event is a document"));
    events.filter(|event| event["note"] == "step" && event["what"]["what"] == what).map(|event| event["step"].clone()).collect()
}

fn places(steps: &Value) -> Vec<Value> {
    let place = |step: &Value| json!({ "level": step["level"], "phase": step["phase"], "component": step["component"], "index": step["index"] });
    steps.as_array().expect("steps are a list").iter().map(place).collect()
}

/// Everything that is on record.
fn on_record(project: &Project) -> (Vec<Value>, Value) {
    (project.history(), project.run(["audit", "list"]).ended(0).detail("/entries"))
}

#[test]
fn what_is_simulated_is_what_happens_and_nothing_happens_before() {
    let project = Project::new();
    for version in ["1", "2", "3"] {
        project.service("web", version);
        let plan = project.run(["plan", "local"]).ended(0).detail("/plan/hash");
        let before = (on_record(&project), project.standing());
        let simulated = project.run(["simulate", "local"]).ended(0);
        assert_eq!(
            (simulated.document()["code"].as_str(), simulated.detail("/plan"), simulated.detail("/outcome")),
            (Some("simulated"), plan.clone(), "committed".into())
        );
        assert_eq!((on_record(&project), project.standing()), before);
        let done = happened(&project, plan.as_str().expect("a hash is text"), "done");
        assert_eq!((places(&simulated.detail("/steps")), project.last_outcome()), (done, "committed".into()), "version {version}");
        let basis = if version == "1" { "default" } else { "recorded" };
        assert_eq!(simulated.detail("/steps/0/basis"), basis);
    }
    let idle = project.run(["simulate", "local"]).ended(0);
    assert_eq!((idle.document()["code"].as_str(), idle.detail("/steps")), (Some("unchanged"), json!([])));
}

#[test]
fn what_is_undone_is_what_was_told() {
    let project = Project::new();
    project.deploy();
    project.service("web", "2 exits");
    let simulated = project.run(["simulate", "local"]).ended(0);
    let failure = simulated.detail("/failures/0");
    assert_eq!((&failure["phase"], &failure["outcome"]), (&json!("prepare"), &json!("rolled_back")));
    let plan = simulated.detail("/plan");
    let undone = happened(&project, plan.as_str().expect("a hash is text"), "undone");
    assert_eq!((places(&failure["undone"]), project.last_outcome()), (undone, "rolled_back".into()));
}
