//! `init`, `check`, `schema`: what can be said of a manifest.

use insta::assert_snapshot;

use crate::project::{Project, transcript};

const GOOD: &str = r#"name = "shop"

[components.web]
path = "web"
site = "."
route = { port = 4000 }
"#;

const MISTAKEN: &str = r#"name = "shop"

[components.web]
pth = "web"
site = "."
route = { port = "4000" }
depends_on = ["backend"]
"#;

#[test]
fn a_good_manifest_is_valid() {
    let project = Project::of(GOOD);
    assert_snapshot!(transcript(&project.run("check")), @r#"
    exit 0
    --- stdout
    the manifest is valid: 1 component, environments local
    --- stderr
    "#);
    assert_snapshot!(transcript(&project.run("check --json")), @r#"
    exit 0
    --- stdout
    {"success":true,"code":"valid","details":{"components":["web"],"environments":["local"],"findings":[]},"help":null}
    --- stderr
    "#);
}

#[test]
fn all_mistakes_are_told_at_once_each_with_its_place() {
    assert_snapshot!(transcript(&Project::of(MISTAKEN).run("check")), @r"
    exit 3
    --- stdout
    --- stderr
    plimsoll.toml:4:1: error[unknown-key]: unknown key `pth` in `components.web`
      help: did you mean `path`? what may stand here: `path`, `sources`, `build`, `test`, `run`, `site`, `spa`, `health`, `route`, `env`, `secrets`, `depends_on`, `shared`, `user`, `limits`, `start_timeout`, `drain_timeout`, `strategy`, `max_unavailable`, `on`
    plimsoll.toml:6:18: error[wrong-type]: expected a whole number, found a string
      help: write `port = 8443`
    plimsoll.toml:7:15: error[unknown-dependency]: there is no component `backend` to depend on
      help: the components are `web`
    error: plimsoll.toml has 3 mistakes [manifest-invalid]
    help: correct each as its help says; `plimsoll check` judges it again
    ");
}

#[test]
fn mistakes_are_findings_in_the_document() {
    let ran = Project::of(MISTAKEN).run("check --json").ended(3);
    assert_eq!(ran.document()["code"], "manifest-invalid");
    assert_snapshot!(serde_json::to_string_pretty(&ran.detail("/findings/0")).unwrap(), @r#"
    {
      "code": "unknown-key",
      "help": "did you mean `path`? what may stand here: `path`, `sources`, `build`, `test`, `run`, `site`, `spa`, `health`, `route`, `env`, `secrets`, `depends_on`, `shared`, `user`, `limits`, `start_timeout`, `drain_timeout`, `strategy`, `max_unavailable`, `on`",
      "message": "unknown key `pth` in `components.web`",
      "place": {
        "column": 1,
        "file": "plimsoll.toml",
        "length": 3,
        "line": 4,
        "offset": 32
      },
      "severity": "error"
    }
    "#);
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
}

#[test]
fn with_events_the_document_is_the_last_line() {
    let ran = Project::of(MISTAKEN).run("plan local --events").ended(3);
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["code"], "manifest-invalid");
    assert!(last["details"]["log"].as_str().is_some_and(|log| log.starts_with("HOME/logs/runs/")), "{last}");
}

#[test]
fn without_a_manifest_there_is_help() {
    assert_snapshot!(transcript(&Project::empty().run("check")), @r#"
    exit 3
    --- stdout
    --- stderr
    error: there is no PROJECT/plimsoll.toml [manifest-missing]
    help: write one: `plimsoll init` makes a first draft; or name the project's folder with -C DIR
    "#);
}

#[test]
fn a_draft_is_written_once_and_is_valid() {
    let project = Project::empty();
    std::fs::write(project.path().join("index.html"), "hello").unwrap();
    let ran = project.run("init --json").ended(0);
    assert_eq!(ran.document()["code"], "written");
    assert_eq!(project.run("check --json").ended(0).document()["code"], "valid");
    assert_eq!(project.run("init --json").ended(2).document()["code"], "manifest-exists");
}

#[test]
fn agents_are_told_of_the_project_where_somebody_says_so() {
    let project = Project::empty();
    std::fs::write(project.path().join("index.html"), "hello").unwrap();
    std::fs::write(project.path().join("AGENTS.md"), "# Ours").unwrap();
    let text = || std::fs::read_to_string(project.path().join("AGENTS.md")).unwrap();
    let ran = project.run("init").ended(0);
    assert!(ran.stderr.contains("plimsoll init --agents-md") && text() == "# Ours", "{ran:?}");
    assert_eq!(project.run("init --agents-md").ended(0).stdout, "wrote PROJECT/AGENTS.md\n");
    assert!(text().starts_with("# Ours\n\n<!-- plimsoll"), "{}", text());
    assert_eq!(project.run("init --agents-md --json").ended(2).document()["code"], "manifest-exists");
}

#[test]
fn the_schema_is_plain_json() {
    let project = Project::empty();
    let schema: serde_json::Value = serde_json::from_str(&project.run("schema").ended(0).stdout).unwrap();
    assert!(schema["$schema"].is_string());
    assert_eq!(project.run("schema --json").ended(0).detail("/schema"), schema);
}
