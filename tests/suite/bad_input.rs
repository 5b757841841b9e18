//! Input that cannot work is refused with its place and with help, and changes nothing.

use std::net::TcpListener;

use serde_json::Value;

use crate::project::Project;

/// A mistake in a manifest.
struct Mistake {
    what: &'static str,
    /// Replaced in the manifest; where it is empty, `by` is added at the end.
    replace: &'static str,
    by: String,
    code: &'static str,
}

fn mistake(what: &'static str, replace: &'static str, by: impl Into<String>, code: &'static str) -> Mistake {
    Mistake { what, replace, by: by.into(), code }
}

fn mistakes() -> Vec<Mistake> {
    let name = |text: &str| format!("[components.\"{text}\"]");
    vec![
        mistake("syntax error", "[components.web]", "[components.web", "syntax"),
        mistake("not closed", "name = \"tiny\"", "name = \"tiny", "syntax"),
        mistake("unknown key", "path = \"web\"", "path = \"web\"\nhelth = \"/\"", "unknown-key"),
        mistake("wrong type", "path = \"web\"", "path = 7", "wrong-type"),
        mistake("no duration", "lease = \"30s\"", "lease = \"soon\"", "bad-duration"),
        mistake("itself", "path = \"web\"", "path = \"web\"\ndepends_on = [\"web\"]", "dependency-cycle"),
        mistake("unknown dependency", "path = \"web\"", "path = \"web\"\ndepends_on = [\"wep\"]", "unknown-dependency"),
        mistake("missing folder", "path = \"web\"", "path = \"wep\"", "missing-folder"),
        mistake("path upwards", "path = \"web\"", "path = \"../web\"", "path-leaves-project"),
        mistake("path from the root", "path = \"web\"", "path = \"/etc\"", "path-leaves-project"),
        mistake("link to the outside", "path = \"web\"", "path = \"outside\"", "path-leaves-project"),
        mistake("two kinds", "path = \"web\"", "path = \"web\"\nsite = \".\"", "two-kinds"),
        mistake("name upwards", "[components.web]", name("../x"), "bad-name"),
        mistake("name with spaces", "[components.web]", name("a b"), "bad-name"),
        mistake("long name", "[components.web]", name(&"x".repeat(300)), "bad-name"),
        mistake("control characters in a name", "[components.web]", name("a\\u0007b"), "bad-name"),
        mistake("bad name of the project", "name = \"tiny\"", "name = \"../x\"", "bad-name"),
        mistake("port of no machine", "[environments.local]", "[components.web.route2]\n[environments.local]", "unknown-key"),
        mistake("two of one route", "", "\n[components.other]\npath = \"web\"\nrun = \"x\"\nroute = ROUTE\n", "route-conflict"),
        mistake(
            "two in a circle",
            "",
            "\n[components.a]\nrun = \"x\"\ndepends_on = [\"b\"]\n[components.b]\nrun = \"x\"\ndepends_on = [\"a\"]\n",
            "dependency-cycle",
        ),
        mistake("secret that is not set", "path = \"web\"", "path = \"web\"\nsecrets = [\"PLIMSOLL_TEST_UNSET\"]", "secret-missing"),
    ]
}

/// The route of the project's service, as the manifest says it.
fn route(manifest: &str) -> &str {
    manifest.lines().find_map(|line| line.strip_prefix("route = ")).expect("the service has a route")
}

/// The document of a command that has to be refused.
#[track_caller]
fn refused(project: &Project, what: &str, args: &[&str], exit: i32) -> Value {
    let ran = project.run(args.iter().copied());
    assert_eq!(ran.code, Some(exit), "{what}: {ran:?}");
    let document = ran.document();
    assert_eq!(document["success"], false, "{what}: {document:#}");
    assert!(document["details"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{what}: {document:#}");
    document
}

#[test]
fn mistakes_in_a_manifest_are_told_with_their_line() {
    let project = Project::new();
    std::os::unix::fs::symlink("/usr", project.folder().join("outside")).expect("the project's folder takes a link");
    project.deploy();
    let (good, before, recorded) = (project.read("plimsoll.toml"), project.standing(), project.history().len());
    for Mistake { what, replace, by, code } in mistakes() {
        let by = by.replace("ROUTE", route(&good));
        assert!(good.contains(replace), "{what}: {good}");
        let bad = if replace.is_empty() { good.clone() + &by } else { good.replace(replace, &by) };
        project.write("plimsoll.toml", &bad);
        let document = refused(&project, what, &["deploy", "local"], 3);
        let findings = document["details"]["findings"].as_array().unwrap_or_else(|| panic!("{what}: {document:#}"));
        let found = findings.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("{what}: {document:#}"));
        assert!(found["place"]["line"].as_u64().is_some_and(|line| line > 0), "{what}: {found:#}");
        assert!(found["help"].as_str().is_some_and(|help| !help.is_empty()), "{what}: {found:#}");
    }
    project.write("plimsoll.toml", &good);
    assert_eq!((project.standing(), project.history().len()), (before, recorded));
}

#[test]
fn a_person_sees_file_line_and_help() {
    let project = Project::new();
    project.edit("path = \"web\"", "pth = \"web\"");
    let folder = project.folder().to_str().expect("a temporary folder has a plain name");
    let ran = project.home.run(["-C", folder, "deploy", "local"]).ended(3);
    for told in ["plimsoll.toml:4:1", "unknown-key", "`path`"] {
        assert!(ran.stderr.contains(told), "{told:?} is not told:\n{}", ran.stderr);
    }
    assert_eq!(ran.stdout, "");
}

#[test]
fn where_there_is_nothing_to_deploy_it_says_so() {
    let project = Project::new();
    let check = |what: &str, args: &[&str], exit: i32, code: &str| {
        let document = refused(&project, what, args, exit);
        assert_eq!(document["code"], code, "{what}: {document:#}");
        assert!(document["help"].is_string(), "{what}: {document:#}");
    };
    check("unknown environment", &["deploy", "prodction"], 3, "unknown-environment");
    check("no name", &["deploy", "../x"], 2, "usage");
    check("long name", &["deploy", &"x".repeat(300)], 2, "usage");
    check("control character", &["deploy", "a\u{7}b"], 2, "usage");
    check("no environment", &["deploy"], 2, "usage");
    check("unknown option", &["deploy", "local", "--nonsense"], 2, "usage");
    check("unknown command", &["deplyo", "local"], 2, "usage");
    std::fs::remove_file(project.folder().join("plimsoll.toml")).expect("it was written");
    check("no manifest", &["deploy", "local"], 3, "manifest-missing");
    std::fs::write(project.folder().join("plimsoll.toml"), [0xff, 0xfe, 0]).expect("the project's folder can be written");
    check("no text", &["deploy", "local"], 3, "manifest-unreadable");
    let missing = project.home.run(["-C", "/nonexistent", "deploy", "local", "--json"]).ended(2);
    assert_eq!(missing.document()["code"], "folder-missing");
    assert_eq!(project.home.processes(""), [], "nothing was started for any of these");
}

#[test]
fn a_port_that_is_taken_is_refused_before_anything_is_done() {
    let project = Project::new();
    let port = project.url("web", "").rsplit(':').next().expect("a URL has a port").parse().expect("a port is a number");
    let _taken = TcpListener::bind(("127.0.0.1", port)).expect("the port was free");
    let document = refused(&project, "port taken", &["deploy", "local"], 3);
    assert_eq!(document["code"], "port-taken", "{document:#}");
    assert!(document["details"]["message"].as_str().unwrap().contains(&port.to_string()), "{document:#}");
    assert!(document["help"].is_string(), "{document:#}");
    assert_eq!(project.history(), [] as [Value; 0]);
    assert!(project.standing().folders.is_empty());
}
