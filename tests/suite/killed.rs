//! The operator's process is killed in each phase: within the lease all is as before, or complete when that was decided. Nothing
//! has to be unlocked.

use crate::ask::{get, until};
use crate::project::{Project, SERVICE, Standing};
use crate::running::Running;
use crate::traffic::Traffic;

/// A project whose version 1 serves, how it stands then, and requests to it.
fn served(lines: &str) -> (Project, Standing, Traffic) {
    let project = Project::of(&[("web", lines)]);
    project.deploy();
    let standing = project.standing();
    let traffic = Traffic::to(&project, "web");
    (project, standing, traffic)
}

/// Deploys version 2, which behaves like this, and kills the process that does when `moment` has come. The lease is a short one.
fn deploy_killed(project: &Project, behaviour: &str, moment: impl FnOnce(&mut Running)) {
    deploy_killed_with("2s", project, behaviour, moment);
}

/// The same with this lease.
fn deploy_killed_with(lease: &str, project: &Project, behaviour: &str, moment: impl FnOnce(&mut Running)) {
    project.service("web", &format!("2 {behaviour}"));
    project.lease(lease);
    let mut deploying = project.begin("deploy");
    moment(&mut deploying);
    deploying.kill();
    project.lease("30s");
}

/// Waits until the host has settled what was cut off, asking only what does not settle it itself.
fn until_settled(project: &Project) {
    until(serde_json::Value::Null, || project.run(["status", "local"]).ended(0).detail("/open"));
}

/// The next deployment just works.
fn assert_deployable(project: &Project, traffic: Traffic) {
    project.service("web", "3");
    project.deploy();
    assert_eq!(get(&project.url("web", "/")), "version 3");
    assert_eq!(project.programs().len(), 1);
    traffic.assert_unharmed();
}

#[test]
fn in_the_build_nothing_has_begun_and_the_build_ends() {
    // Started in the folder of the sources, the service hangs as the file there tells it to.
    let project = Project::of(&[("web", &format!("build = \"[ ! -e wait ] || {{ {SERVICE} $PWD; }}\""))]);
    project.deploy();
    let (before, recorded) = (project.standing(), project.history().len());
    let traffic = Traffic::to(&project, "web");
    project.write("web/wait", "");
    deploy_killed(&project, "hangs", |deploying| drop(deploying.until(&[("/event", "output"), ("/line", "version 2 starts")])));
    until(before.programs.clone(), || project.programs());
    assert_eq!((project.standing(), project.history().len()), (before, recorded));
    std::fs::remove_file(project.folder().join("web/wait")).expect("it was written");
    assert_deployable(&project, traffic);
}

#[test]
fn in_prepare_it_is_undone() {
    let (project, before, traffic) = served("");
    deploy_killed(&project, "unhealthy", |deploying| deploying.until_phase("prepare"));
    until_settled(&project);
    assert_eq!((project.standing(), project.last_outcome()), (before, "rolled_back".to_owned()));
    assert_deployable(&project, traffic);
}

#[test]
fn before_the_switch_it_is_undone() {
    let project = Project::new();
    project.append("[hooks]\nbefore_switch = \"[ ! -e wait ] || exec tail -f $PWD/plimsoll.toml\"\n");
    project.deploy();
    let before = project.standing();
    let traffic = Traffic::to(&project, "web");
    project.write("wait", "");
    let healthy = [("/step/phase", "prepare"), ("/step/index", "2"), ("/what/what", "done")];
    deploy_killed(&project, "", |deploying| drop(deploying.until(&healthy)));
    until_settled(&project);
    assert_eq!((project.standing(), project.last_outcome()), (before, "rolled_back".to_owned()));
    std::fs::remove_file(project.folder().join("wait")).expect("it was written");
    assert_deployable(&project, traffic);
}

#[test]
fn in_the_switch_it_is_one_or_the_other() {
    let (project, before, traffic) = served("");
    deploy_killed(&project, "", |deploying| deploying.until_phase("switch"));
    until_settled(&project);
    match project.last_outcome().as_str() {
        "rolled_back" => assert_eq!(project.standing(), before),
        "committed" => assert_eq!(get(&project.url("web", "/")), "version 2"),
        other => panic!("it ended {other}"),
    }
    assert_deployable(&project, traffic);
}

#[test]
fn in_verify_it_is_switched_back() {
    let (project, before, traffic) = served("");
    deploy_killed(&project, "unhealthy-outside", |deploying| deploying.until_phase("verify"));
    assert_eq!(get(&project.url("web", "/")), "version 2", "it has switched");
    until_settled(&project);
    assert_eq!((project.standing(), project.last_outcome()), (before, "rolled_back".to_owned()));
    assert_eq!(get(&project.url("web", "/")), "version 1");
    assert_deployable(&project, traffic);
}

#[test]
fn after_the_decision_it_is_completed() {
    let project = Project::new();
    project.service("web", "1 stops-slowly");
    project.deploy();
    let traffic = Traffic::to(&project, "web");
    deploy_killed(&project, "", |deploying| drop(deploying.until(&[("/note", "decided")])));
    until_settled(&project);
    assert_eq!((project.last_outcome(), get(&project.url("web", "/"))), ("committed".to_owned(), "version 2".to_owned()));
    until(1, || project.programs().len());
    assert_deployable(&project, traffic);
}

#[test]
fn the_next_command_does_not_wait_for_the_lease() {
    let (project, _, traffic) = served("");
    deploy_killed_with("1h", &project, "unhealthy", |deploying| deploying.until_phase("prepare"));
    assert_deployable(&project, traffic);
    assert_eq!(project.history()[1]["outcome"], "rolled_back");
}

#[test]
fn resume_settles_it() {
    let (project, before, traffic) = served("");
    deploy_killed_with("1h", &project, "unhealthy", |deploying| deploying.until_phase("prepare"));
    let resumed = project.run(["resume", "local"]).ended(0);
    assert_eq!((&resumed.document()["code"], resumed.detail("/deployment/outcome")), (&"settled".into(), "rolled_back".into()));
    assert_eq!(project.standing(), before);
    assert_eq!(project.run(["resume", "local"]).ended(0).document()["code"], "nothing-to-settle");
    traffic.assert_unharmed();
}

#[test]
fn at_every_event_there_is_a_way_on() {
    let (project, _, traffic) = served("");
    project.service("web", "0");
    let events = project.begin("deploy").count();
    assert!(events > 10, "there is something to kill");
    for at in 1..=events {
        let before = get(&project.url("web", "/"));
        project.service("web", &format!("{at}-killed"));
        let mut deploying = project.begin("deploy");
        deploying.skip(at);
        deploying.kill();
        let after = get(&project.url("web", "/"));
        assert!(after == before || after == format!("version {at}-killed"), "event {at}: {after}");

        project.service("web", &format!("{at}-next"));
        project.deploy();
        assert_eq!(get(&project.url("web", "/")), format!("version {at}-next"), "event {at}");
        assert_eq!(project.programs().len(), 1, "event {at}");
    }
    assert!(project.history().iter().all(|deployment| deployment["outcome"] != "undecided"));
    traffic.assert_unharmed();
}
