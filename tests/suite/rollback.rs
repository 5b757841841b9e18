//! Back to what served before: the last, or one by deployment, version or commit.

use crate::ask::get;
use crate::project::Project;
use crate::traffic::Traffic;

/// A project that had versions 1, 2 and 3 deployed, each from a commit of its own; the ids of the deployments and the commits.
fn three_versions() -> (Project, [String; 3], [String; 3]) {
    let project = Project::new();
    let deployed = ["1", "2", "3"].map(|version| {
        project.service("web", version);
        project.write("plimsoll.toml", &format!("version = \"{version}.0\"\n{}", without_version(&project)));
        let commit = project.commit(version);
        let told = project.run(["deploy", "local", "--commit", &commit]).ended(0);
        (told.detail("/deployment/id").as_str().expect("a deployment has a name").to_owned(), commit)
    });
    (project, deployed.clone().map(|(id, _)| id), deployed.map(|(_, commit)| commit))
}

fn without_version(project: &Project) -> String {
    project.read("plimsoll.toml").lines().filter(|line| !line.starts_with("version =")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_way_to_name_it_leads_there() {
    let (project, ids, commits) = three_versions();
    let traffic = Traffic::to(&project, "web");
    let check = |args: &[&str], version: &str| {
        let told = project.run(["rollback", "local"].iter().chain(args).copied()).ended(0);
        assert_eq!((told.detail("/deployment/outcome"), told.detail("/deployment/intent")), ("committed".into(), "rollback".into()), "{args:?}");
        assert_eq!(get(&project.url("web", "/")), format!("version {version}"), "{args:?}");
        assert_eq!(project.programs().len(), 1, "{args:?}");
    };
    check(&["--last"], "2");
    check(&["--to-deployment", &ids[0]], "1");
    check(&["--to-version", "3.0"], "3");
    check(&["--to-commit", &commits[1]], "2");
    check(&["--to-commit", &commits[0][..10]], "1");
    traffic.assert_unharmed();
}

#[test]
fn what_is_not_there_is_refused() {
    let project = Project::new();
    let check = |args: &[&str], code: i32, name: &str| {
        let told = project.run(["rollback", "local"].iter().chain(args).copied()).ended(code);
        assert_eq!(told.document()["code"], name, "{args:?}");
        assert!(told.document()["help"].is_string(), "{args:?}: {}", told.stdout);
    };
    check(&["--last"], 1, "nothing-deployed");
    project.deploy();
    check(&["--last"], 1, "no-earlier-deployment");
    check(&["--to-version", "9"], 2, "unknown-deployment");
    check(&["--to-commit", "0123456789abcdef0123456789abcdef01234567"], 2, "unknown-deployment");
    assert_eq!(get(&project.url("web", "/")), "version 1");
}
