//! What keeps a program running is killed: the daemon brings the program back, without being asked.

use std::collections::BTreeSet;

use plimsoll_testkit::fixtures::Process;

use crate::ask::{get, try_get, until};
use crate::project::Project;

/// The keepers of the project's home: that of its proxy, or those of its slots.
fn keepers(project: &Project, of_proxy: bool) -> Vec<Process> {
    let mut found = project.home.processes(" keeper ");
    found.retain(|keeper| keeper.command_line.contains("/proxy/keeper") == of_proxy);
    found
}

fn pids(keepers: &[Process]) -> BTreeSet<u32> {
    keepers.iter().map(|keeper| keeper.pid).collect()
}

/// Kills the only keeper of its kind, and waits until another one is there and the service answers.
fn kill_and_await(project: &Project, of_proxy: bool) {
    let before = keepers(project, of_proxy);
    assert_eq!(before.len(), 1, "{before:?}");
    before[0].kill();
    until(true, || {
        let now = pids(&keepers(project, of_proxy));
        let serves = try_get(&project.url("web", "/")).is_ok_and(|answer| answer.ends_with("version 1"));
        now.len() == 1 && now.is_disjoint(&pids(&before)) && serves
    });
}

#[test]
fn killed_they_and_what_they_kept_come_back() {
    let project = Project::new();
    project.deploy();
    for of_proxy in [false, true, false, true] {
        kill_and_await(&project, of_proxy);
        assert_eq!(project.programs().len(), 1, "what the killed keeper left is cleared away");
    }
    assert_eq!(project.deploy().detail("/deployment/outcome"), "unchanged");
    project.service("web", "2");
    project.deploy();
    assert_eq!(get(&project.url("web", "/")), "version 2");
}

#[test]
fn stopped_on_purpose_nothing_comes_back() {
    let project = Project::new();
    project.deploy();
    let _ = project.run(["host", "stop"]).ended(0);
    until(true, || project.home.processes("").is_empty());
    assert!(project.programs().is_empty() && try_get(&project.url("web", "/")).is_err());
}
