//! The proxy is killed: it is back at once with its routes, and who connects meanwhile waits.

use std::collections::BTreeSet;

use plimsoll_testkit::probe::Target;

use crate::ask::get;
use crate::project::Project;
use crate::traffic::Traffic;

fn proxies(project: &Project) -> BTreeSet<u32> {
    let keepers = |line: &str| line.contains(" keeper");
    project.home.processes(" proxy ").into_iter().filter(|process| !keepers(&process.command_line)).map(|process| process.pid).collect()
}

#[test]
fn it_comes_back_with_its_routes_and_refuses_nobody() {
    let project = Project::of(&[("api", ""), ("web", "")]);
    project.deploy();
    for _ in 0..3 {
        let before = proxies(&project);
        assert_eq!(before.len(), 1);
        let killed = project.home.processes(" proxy ").into_iter().find(|process| before.contains(&process.pid)).expect("it was just there");
        killed.kill();
        // No proxy runs now: these requests wait for the next one.
        assert_eq!((get(&project.url("api", "/")), get(&project.url("web", "/"))), ("version 1".into(), "version 1".into()));
        assert!(proxies(&project).is_disjoint(&before));
    }
    project.service("web", "2");
    project.deploy();
    assert_eq!(get(&project.url("web", "/")), "version 2");
}

#[test]
fn without_a_daemon_it_comes_back_all_the_same() {
    let project = Project::new();
    project.deploy();
    project.home.processes("host serve").iter().for_each(plimsoll_testkit::fixtures::Process::kill);
    let before = proxies(&project);
    project.home.processes(" proxy ").iter().filter(|process| before.contains(&process.pid)).for_each(plimsoll_testkit::fixtures::Process::kill);
    let traffic = Traffic::at(vec![Target::get("fresh", &project.url("web", "/")).fresh().contains("version 1")]);
    traffic.assert_unharmed();
}
