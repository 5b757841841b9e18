//! A release that is no good never takes the place of one that is, and nothing of it stays.

use crate::ask::get;
use crate::project::Project;
use crate::traffic::Traffic;

/// A kind of bad release.
struct Bad {
    what: &'static str,
    behaviour: &'static str,
    code: &'static str,
    /// In the last output of what failed.
    output: &'static str,
}

const BAD: [Bad; 4] = [
    Bad { what: "never answers its health check", behaviour: "2 unhealthy", code: "slot-unhealthy", output: "version 2 starts" },
    Bad { what: "exits at once", behaviour: "2 exits", code: "slot-exited", output: "version 2 cannot go on" },
    Bad { what: "hangs in start", behaviour: "2 hangs", code: "slot-unhealthy", output: "version 2 starts" },
    Bad { what: "cannot be reached by its route", behaviour: "2 unhealthy-outside", code: "route-unhealthy", output: "" },
];

#[test]
fn the_old_version_serves_throughout() {
    let project = Project::of(&[("web", "start_timeout = \"700ms\"")]);
    project.deploy();
    let before = project.standing();
    let traffic = Traffic::to(&project, "web");
    for bad in BAD {
        project.service("web", bad.behaviour);
        let failed = project.run(["deploy", "local"]).ended(1);
        let document = failed.document();
        assert_eq!((&document["success"], &document["code"]), (&false.into(), &bad.code.into()), "{}: {document:#}", bad.what);
        assert_eq!(failed.detail("/deployment/outcome"), "rolled_back", "{}", bad.what);
        assert!(document["help"].is_string() && failed.detail("/log").is_string(), "{}: {document:#}", bad.what);
        assert!(failed.detail("/output").to_string().contains(bad.output), "{}: {document:#}", bad.what);

        assert_eq!(project.standing(), before, "{}", bad.what);
        assert_eq!(get(&project.url("web", "/")), "version 1");
        let last = &project.history()[0];
        assert_eq!((&last["outcome"], &last["failure"]["code"]), (&"rolled_back".into(), &bad.code.into()), "{}: {last:#}", bad.what);
        traffic.flows();
    }
    traffic.assert_unharmed();
}

#[test]
fn a_failed_build_or_test_touches_no_host() {
    let project = Project::of(&[("web", "build = \"cat built\"\ntest = \"cat tested\"")]);
    project.write("web/built", "");
    project.write("web/tested", "");
    project.deploy();
    let (before, recorded) = (project.standing(), project.history().len());
    let traffic = Traffic::to(&project, "web");
    for (file, code) in [("built", "build-failed"), ("tested", "test-failed")] {
        std::fs::remove_file(project.folder().join("web").join(file)).expect("it is there");
        project.service("web", "2");
        let failed = project.run(["deploy", "local"]).ended(1);
        assert_eq!(failed.document()["code"], code, "{}", failed.stdout);
        assert!(failed.detail("/output").to_string().contains("No such file"), "{}", failed.stdout);
        assert_eq!(project.standing(), before);
        project.write(&format!("web/{file}"), "");
    }
    assert_eq!(project.history().len(), recorded);
    traffic.assert_unharmed();
}

#[test]
fn a_first_deployment_that_fails_leaves_nothing() {
    let project = Project::new();
    project.service("web", "1 exits");
    let _ = project.run(["deploy", "local"]).ended(1);
    let standing = project.standing();
    assert_eq!(standing.components, serde_json::json!([]));
    assert!(standing.programs.is_empty() && standing.folders.is_empty(), "{standing:?}");
    assert!(crate::ask::try_get(&project.url("web", "/")).is_err(), "nothing listens on the port of a route that is gone");
}

#[test]
fn a_person_is_told_why_and_what_to_do() {
    let project = Project::new();
    project.service("web", "1 exits");
    let folder = project.folder().to_str().expect("a temporary folder has a plain name");
    let failed = project.home.run(["-C", folder, "deploy", "local"]).ended(1);
    for told in ["version 1 cannot go on", "everything was rolled back", "log: ", "help: "] {
        assert!(failed.stderr.contains(told), "{told:?} is not told:\n{}", failed.stderr);
    }
}
