//! The daemon is killed: slots and proxy go on, and the next one finds all of it. A slot's program is killed: it is started again.

use plimsoll_testkit::fixtures::Process;

use crate::ask::{get, until};
use crate::project::Project;
use crate::traffic::Traffic;

/// Kills the daemon of the project's home.
fn kill_daemon(project: &Project) {
    let daemons = project.home.processes("host serve");
    assert_eq!(daemons.len(), 1, "{daemons:?}");
    daemons[0].kill();
}

#[test]
fn slots_and_routes_outlive_it() {
    let project = Project::of(&[("api", ""), ("web", "depends_on = [\"api\"]")]);
    project.deploy();
    let before = project.standing();
    let traffic = Traffic::to(&project, "web");
    for _ in 0..3 {
        kill_daemon(&project);
        traffic.flows();
        assert_eq!(project.standing(), before, "the next daemon finds the same slots");
    }
    kill_daemon(&project);
    assert_eq!(project.deploy().detail("/deployment/outcome"), "unchanged");
    project.service("web", "2");
    kill_daemon(&project);
    project.deploy();
    assert_eq!(get(&project.url("web", "/")), "version 2");
    traffic.assert_unharmed();
}

#[test]
fn a_deployment_survives_it_or_is_undone() {
    let project = Project::of(&[("web", "start_timeout = \"3s\"")]);
    project.deploy();
    let traffic = Traffic::to(&project, "web");
    for (phase, behaviour) in [("prepare", "unhealthy"), ("prepare", ""), ("switch", ""), ("verify", "unhealthy-outside"), ("verify", "")] {
        let before = project.standing();
        project.service("web", &format!("2 {behaviour}"));
        let mut deploying = project.begin("deploy");
        deploying.until_phase(phase);
        kill_daemon(&project);
        let ended = deploying.finish();
        let told = (ended.code, ended.detail("/deployment/outcome"), get(&project.url("web", "/")));
        if ended.code == Some(0) {
            assert_eq!(told, (Some(0), "committed".into(), "version 2".into()), "{phase} {behaviour}");
            assert_eq!(project.programs().len(), 1, "{phase} {behaviour}");
            project.service("web", "1");
            project.deploy();
        } else {
            assert_eq!(told, (Some(1), "rolled_back".into(), "version 1".into()), "{phase} {behaviour}: {}", ended.stdout);
            assert_eq!(project.standing(), before, "{phase} {behaviour}");
        }
        traffic.flows();
    }
    traffic.assert_unharmed();
}

#[test]
fn at_every_event_of_a_deployment_it_goes_on() {
    let project = Project::new();
    project.deploy();
    let traffic = Traffic::to(&project, "web");
    project.service("web", "0");
    let events = project.begin("deploy").count();
    for at in 1..=events {
        project.service("web", &at.to_string());
        let mut deploying = project.begin("deploy");
        deploying.skip(at);
        kill_daemon(&project);
        let ended = deploying.finish();
        let serves = get(&project.url("web", "/")) == format!("version {at}");
        let told = (ended.code, ended.detail("/deployment/outcome"), serves);
        let committed = (Some(0), "committed".into(), true);
        let rolled_back = (Some(1), "rolled_back".into(), false);
        assert!([committed, rolled_back].contains(&told), "event {at}: {ended:?}");
        let _ = project.run(["resume", "local"]).ended(0);
        assert_eq!(project.programs().len(), 1, "event {at}");
    }
    traffic.assert_unharmed();
}

#[test]
fn daemon_and_operator_killed_together_leave_nothing_undecided() {
    let project = Project::new();
    project.deploy();
    let before = project.standing();
    let traffic = Traffic::to(&project, "web");
    project.service("web", "2 unhealthy-outside");
    project.lease("2s");
    let mut deploying = project.begin("deploy");
    deploying.until_phase("verify");
    kill_daemon(&project);
    deploying.kill();
    until(serde_json::Value::Null, || project.run(["status", "local"]).ended(0).detail("/open"));
    assert_eq!((project.standing(), project.last_outcome()), (before, "rolled_back".to_owned()));
    traffic.assert_unharmed();
}

#[test]
fn a_program_that_dies_is_started_again() {
    let project = Project::new();
    project.deploy();
    let before = project.programs();
    for pid in &before {
        Process { pid: *pid, command_line: String::new() }.kill();
    }
    until(true, || crate::ask::try_get(&project.url("web", "/")).is_ok_and(|answer| answer.ends_with("version 1")));
    let after = project.programs();
    assert!(after.len() == 1 && after.is_disjoint(&before), "{before:?} {after:?}");
    let slot = project.run(["status", "local"]).ended(0).detail("/components/0/slots/0");
    assert_eq!((&slot["condition"], &slot["restarts"]), (&"running".into(), &1.into()), "{slot:#}");
}
