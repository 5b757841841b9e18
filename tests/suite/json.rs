//! The shapes that tools rely on.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::project::Project;

/// Judges documents by a schema; says nothing when they are as it says.
const JUDGE: &str = "\
import json, sys
from jsonschema import Draft202012Validator
for operation, schema, document in json.load(sys.stdin):
    Draft202012Validator.check_schema(schema)
    for error in Draft202012Validator(schema).iter_errors(document):
        print(operation, '/'.join(map(str, error.absolute_path)), error.message[:300])
";

/// Asserts that an object has these keys.
#[track_caller]
fn assert_keys(object: &Value, keys: &[&str]) {
    for key in keys {
        assert!(object.get(key).is_some(), "{key} is missing: {object:#}");
    }
}

#[test]
fn every_command_answers_in_one_shape() {
    let project = Project::new();
    project.commit("one");
    let plan = project.run(["plan", "local"]).ended(0);
    assert_keys(&plan.detail("/plan"), &["hash", "levels", "expects", "estimates"]);
    let deployed = project.deploy();
    let deployment = deployed.detail("/deployment");
    assert_keys(&deployment, &["id", "outcome", "duration_ms", "plan", "commit", "components"]);
    assert_eq!((&deployment["outcome"], &deployment["plan"]), (&"committed".into(), &plan.detail("/plan/hash")));
    let status = project.run(["status", "local"]).ended(0);
    assert_keys(&status.detail(""), &["components", "deployment"]);
    assert_keys(&status.detail("/components/0"), &["name", "release", "version", "commit", "healthy", "url", "slots"]);
    let history = project.run(["history", "local"]).ended(0);
    assert_keys(&history.detail("/deployments/0"), &["id", "outcome", "started_at", "duration_ms", "actor", "surface", "commit", "components"]);
    let id = deployment["id"].as_str().expect("a deployment has a name");
    let shown = project.run(["show", "local", id]).ended(0);
    assert_eq!(shown.detail("/deployment/id"), id);
    let answers = [plan, deployed, status, history, shown, project.run(["check"]).ended(0), project.run(["logs", "local"]).ended(0)];
    for answer in answers {
        assert_keys(&answer.document(), &["success", "code", "details", "help"]);
        assert_eq!(answer.document()["success"], true);
    }
}

#[test]
fn events_are_documents_and_the_last_is_the_answer() {
    let project = Project::new();
    let mut deploying = project.begin("deploy");
    deploying.until(&[("/event", "planned")]);
    for phase in ["prepare", "switch", "verify"] {
        deploying.until_phase(phase);
    }
    deploying.until(&[("/note", "decided")]);
    let ended = deploying.finish().ended(0);
    assert_keys(&ended.document(), &["success", "code", "details", "help"]);
    assert_eq!(ended.detail("/deployment/outcome"), "committed");
}

#[test]
fn documents_are_as_their_schemas_say() {
    let project = Project::new();
    project.append("[databases.main]\nkind = \"sqlite\"\nfile = \"data/web.db\"\ncomponent = \"web\"\nmigrations = \"migrations\"\n");
    project.edit("route = ", "shared = [\"data\"]\nroute = ");
    project.write("migrations/1_notes.up.sql", "CREATE TABLE notes (text TEXT);");
    project.write("migrations/1_notes.down.sql", "DROP TABLE notes;");
    project.commit("one");
    let mut answered: Vec<(&str, Value)> = Vec::new();
    let mut run = |operation: &'static str, arguments: &[&str]| {
        let document = project.run(arguments.iter().copied()).document();
        answered.push((operation, document.clone()));
        document
    };
    run("check", &["check"]);
    run("plan", &["plan", "local"]);
    run("simulate", &["simulate", "local"]);
    run("deploy", &["deploy", "local"]);
    run("deploy", &["deploy", "local"]);
    let first = run("history", &["history", "local"])["details"]["deployments"][0]["id"].clone();
    run("snapshot_create", &["snapshot", "create", "local"]);
    project.service("web", "2");
    run("simulate", &["simulate", "local"]);
    run("deploy", &["deploy", "local", "--reason", "better"]);
    run("show", &["show", "local", first.as_str().expect("it has a name"), "--log"]);
    run("status", &["status", "local"]);
    run("logs", &["logs", "local"]);
    run("rollback", &["rollback", "local"]);
    run("history", &["history", "local", "--stable"]);
    run("migrate_status", &["migrate", "status", "local"]);
    run("migrate_check", &["migrate", "check", "local"]);
    run("migrate_redo", &["migrate", "redo", "local"]);
    let backups = run("backup_list", &["backup", "list", "local"]);
    let id = backups["details"]["backups"][0]["id"].as_str().unwrap_or("none").to_owned();
    run("backup_verify", &["backup", "verify", "local", &id]);
    run("snapshot_list", &["snapshot", "list", "local"]);
    run("snapshot_show", &["snapshot", "show", "local", &id]);
    run("snapshot_restore", &["snapshot", "restore", "local", &id, "--yes"]);
    run("backup_prune", &["backup", "prune", "local"]);
    run("audit_list", &["audit", "list"]);
    run("audit_verify", &["audit", "verify"]);
    run("host_facts", &["host", "facts"]);
    run("host_doctor", &["host", "doctor"]);
    run("secrets_list", &["secrets", "list", "local"]);
    run("certs_list", &["certs", "list", "local"]);
    run("certs_check", &["certs", "check", "local"]);
    run("token_create", &["token", "create", "ci"]);
    run("token_list", &["token", "list"]);
    run("token_revoke", &["token", "revoke", "ci"]);
    run("schema", &["schema", "status"]);
    run("resume", &["resume", "local"]);
    project.service("web", "3 exits");
    run("deploy", &["deploy", "local"]);
    run("plan", &["plan", "nowhere"]);
    run("down", &["down", "local", "--yes"]);
    run("host_stop", &["host", "stop"]);
    let schema = |operation: &str| project.run(["schema", operation]).ended(0).detail("/schema");
    let judged: Vec<Value> = answered.iter().map(|(operation, document)| json!([operation, schema(operation), document])).collect();
    let well = answered.iter().filter(|(_, document)| document["success"] == true).count();
    assert!(well + 6 >= answered.len(), "{:#?}", answered.iter().filter(|(_, document)| document["success"] == false).collect::<Vec<_>>());
    assert_eq!(judge(&json!(judged)), "");
    let unfit = json!({ "success": true, "code": "healthy", "details": { "healthy": "yes" }, "help": null });
    assert!(judge(&json!([["status", schema("status"), unfit]])).contains("status details/healthy"), "it notices what does not fit");
}

/// Judges documents, each with its name and schema; gives what is wrong with them.
pub fn judge(documents: &Value) -> String {
    // The system's own, for which the validator is installed.
    let mut python = Command::new("/usr/bin/python3");
    let mut python = python.args(["-c", JUDGE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the system has a python3");
    python.stdin.take().expect("it is piped").write_all(documents.to_string().as_bytes()).expect("it listens");
    let judged = python.wait_with_output().expect("it ends");
    assert!(judged.status.success(), "it judges");
    String::from_utf8(judged.stdout).expect("it writes UTF-8")
}
