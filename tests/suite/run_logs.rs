//! What was told while a deployment was carried out is kept on its host, and what slots wrote meanwhile can be asked for.

use std::fs;

use serde_json::Value;

use crate::project::Project;

/// What a log or lines of slots hold, as one text.
fn text(told: &Value) -> String {
    told.as_str().map_or_else(|| told.to_string(), str::to_owned)
}

#[test]
fn the_log_of_a_deployment_stays_also_when_it_failed() {
    let project = Project::of(&[("web", "build = \"echo the build says $(cat service.txt)\"\nstart_timeout = \"5s\"")]);
    project.deploy();
    project.service("web", "2 exits");
    let failed = project.run(["deploy", "local"]).ended(1).detail("/deployment/id");
    let (failed, history) = (failed.as_str().expect("it had begun").to_owned(), project.history());
    let good = history[1]["id"].as_str().expect("there was one before").to_owned();
    // The operator's own copy may go.
    fs::remove_dir_all(project.home.path().join("logs/runs")).expect("there is one");
    for (id, told, last) in [(&good, "the build says 1", "plimsoll: committed"), (&failed, "rolling back", "web-2")] {
        let log = text(&project.run(["show", "local", id, "--log"]).ended(0).detail("/log"));
        assert!(log.contains(told) && log.contains(&format!("deployment {id} has begun")), "{log}");
        assert!(log.lines().last().is_some_and(|line| line.contains(last)), "{log}");
    }
    let shown = project.home.command(["-C"]).arg(project.folder()).args(["show", "local", &failed, "--log"]).output().expect("it can be started");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("ERROR plimsoll: rolled back: "), "{shown}");

    let written = |id: &str| text(&project.run(["logs", "local", "--deployment", id]).ended(0).detail("/lines"));
    assert!(written(&good).contains("version 1 starts") && !written(&failed).contains("version 1 starts"));
    assert!(written(&failed).contains("version 2 cannot go on"), "{}", written(&failed));
    let since = |duration: &str| text(&project.run(["logs", "local", "--since", duration]).ended(0).detail("/lines"));
    assert!(since("1h").contains("version 1 starts") && since("0s") == "[]");
    assert_eq!(project.run(["logs", "local", "--deployment", "20"]).ended(2).document()["code"], "ambiguous-deployment");
}
