//! What runs is what git holds, or the work tree, and the record says which.

use plimsoll_testkit::fixtures::repository;

use crate::ask::get;
use crate::project::Project;

#[test]
fn a_source_is_a_branch_a_commit_a_tag_or_the_work_tree() {
    let project = Project::new();
    let first = project.commit("one");
    repository::git(project.folder(), &["tag", "v1"]);
    project.service("web", "2");
    let second = project.commit("two");
    repository::git(project.folder(), &["branch", "next"]);
    project.service("web", "3");

    let check = |args: &[&str], version: &str, commit: &str, dirty: bool| {
        let told = project.run(["deploy", "local"].iter().chain(args).copied()).ended(0);
        assert_eq!((told.detail("/deployment/commit"), told.detail("/deployment/dirty")), (commit.into(), dirty.into()), "{args:?}");
        assert_eq!(get(&project.url("web", "/")), format!("version {version}"), "{args:?}");
        let last = &project.history()[0];
        assert_eq!((&last["commit"], &last["dirty"]), (&commit.into(), &dirty.into()), "{args:?}: {last:#}");
    };
    check(&["--commit", &first], "1", &first, false);
    check(&["--branch", "next"], "2", &second, false);
    check(&["--tag", "v1"], "1", &first, false);
    check(&[], "3", &second, true);
    check(&["--commit", &second[..10]], "2", &second, false);
    check(&["--dirty"], "3", &second, true);
    assert_eq!(project.read("web/service.txt"), "3", "the work tree is left alone");
}

#[test]
fn what_git_does_not_hold_is_refused() {
    let project = Project::new();
    let check = |args: &[&str], code: &str| {
        let told = project.run(["deploy", "local"].iter().chain(args).copied()).ended(2);
        assert_eq!(told.document()["code"], code, "{args:?}");
        assert!(told.document()["help"].is_string(), "{args:?}: {}", told.stdout);
    };
    check(&["--branch", "main"], "not-a-repository");
    project.commit("one");
    for args in [["--branch", "nothing"], ["--commit", "0123456789"], ["--tag", "v9"]] {
        check(&args, "unknown-revision");
    }
    check(&["--branch", "main", "--tag", "v1"], "usage");
}
