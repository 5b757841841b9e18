//! nginx in the place of the built-in proxy, as the host's policy says.

use plimsoll_testkit::fixtures::{Home, Nginx};
use plimsoll_testkit::probe::{Body, Target};

use crate::ask::{get, try_get};
use crate::project::Project;
use crate::traffic::Traffic;

/// A project whose host leads traffic through `nginx`.
fn behind(nginx: &Nginx) -> Project {
    let home = Home::new();
    std::fs::write(home.path().join("host.toml"), nginx.policy()).expect("the home takes a file");
    Project::in_home(home, &[("web", "start_timeout = \"700ms\"")])
}

/// Requests on new connections: nginx may close one that is kept in the very instant of a request.
fn fresh(project: &Project) -> Traffic {
    let url = |path| project.url("web", path);
    Traffic::at(vec![
        Target::get("get", &url("/")).contains("version").fresh(),
        Target::post("post", &url("/echo"), Body::Whole("hello".into())).contains("got hello").fresh(),
        Target::get("slow", &url("/slow")).contains("version").fresh(),
    ])
}

/// Our files but for the port of the slot, and the generation that follows from it.
fn but_for_ports(nginx: &Nginx) -> Vec<String> {
    let files = nginx.files().into_values().flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
    files
        .filter(|line| !["server 127.0.0.1:", "# generation ", "listen 127.", "plimsoll-generation"].iter().any(|part| line.contains(part)))
        .collect()
}

#[test]
fn fifty_versions_fail_no_request() {
    let nginx = Nginx::new();
    let project = behind(&nginx);
    project.deploy();
    let traffic = fresh(&project);
    for version in 2..=50 {
        project.service("web", &version.to_string());
        project.deploy();
        assert_eq!(get(&project.url("web", "/")), format!("version {version}"));
    }
    let before = but_for_ports(&nginx);
    let _ = project.run(["rollback", "local"]).ended(0);
    assert_eq!(get(&project.url("web", "/")), "version 49");
    assert_eq!(but_for_ports(&nginx), before);
    assert_eq!(project.programs().len(), 1);
    traffic.assert_unharmed();
}

#[test]
fn a_deployment_that_is_undone_leaves_the_same_configuration() {
    let nginx = Nginx::new();
    let project = behind(&nginx);
    project.deploy();
    let (before, standing) = (nginx.files(), project.standing());
    let traffic = fresh(&project);
    for behaviour in ["2 unhealthy-outside", "2 exits"] {
        project.service("web", behaviour);
        let failed = project.run(["deploy", "local"]).ended(1);
        assert_eq!(failed.detail("/deployment/outcome"), "rolled_back");
        assert_eq!((nginx.files(), project.standing()), (before.clone(), standing.clone()));
        assert_eq!(get(&project.url("web", "/")), "version 1");
    }
    traffic.assert_unharmed();
}

#[test]
fn what_nginx_refuses_goes_live_nowhere() {
    let nginx = Nginx::new();
    let project = behind(&nginx);
    project.deploy();
    let before = nginx.files();
    std::fs::write(nginx.included().join("broken.conf"), "nonsense on;\n").expect("the folder takes a file");
    project.service("web", "2");
    let failed = project.run(["deploy", "local"]).ended(1);
    assert_eq!(failed.document()["code"], "nginx-refused", "{}", failed.stdout);
    assert!(failed.document()["help"].is_string() && failed.stdout.contains("broken.conf:1"), "{}", failed.stdout);
    std::fs::remove_file(nginx.included().join("broken.conf")).expect("it is there");
    assert_eq!(nginx.files(), before);
    assert_eq!(get(&project.url("web", "/")), "version 1");
    project.deploy();
    assert_eq!(get(&project.url("web", "/")), "version 2");
}

#[test]
fn it_outlives_daemon_and_nginx_and_leaves_when_it_is_told() {
    let mut nginx = Nginx::new();
    let untouched = nginx.files();
    let project = behind(&nginx);
    project.deploy();
    let before = nginx.files();
    project.home.processes("host serve").iter().for_each(plimsoll_testkit::fixtures::Process::kill);
    nginx.end();
    nginx.start();
    assert_eq!(get(&project.url("web", "/")), "version 1");
    let _ = project.run(["status", "local"]).ended(0);
    assert_eq!(nginx.files(), before);

    let _ = project.home.run(["host", "stop"]).ended(0);
    assert_eq!(nginx.files(), untouched);
    assert!(try_get(&project.url("web", "/")).is_err());
}

#[test]
fn a_policy_with_a_mistake_is_told_with_its_line() {
    let project = Project::new();
    std::fs::write(project.home.path().join("host.toml"), "# ours\nroute = \"apache\"\n").expect("the home takes a file");
    let failed = project.run(["deploy", "local"]);
    assert!(failed.code != Some(0) && failed.stdout.contains("host.toml, line 2, column 9"), "{}", failed.stdout);
}
