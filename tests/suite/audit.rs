//! Everything is on record: who did what and how it ended, in a log that tells when it was tampered with.

use std::fs;

use serde_json::Value;

use crate::ask::until;
use crate::project::Project;

/// The entries of the project, the oldest first, as `WHAT OUTCOME BY WHOM`.
fn told(project: &Project) -> Vec<String> {
    let entries = project.run(["audit", "list", "local"]).ended(0).detail("/entries");
    let text = |entry: &Value, pointer: &str| entry.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let line = |entry: &Value| [text(entry, "/action"), text(entry, "/outcome"), text(entry, "/actor/surface")].join(" ");
    entries.as_array().expect("entries are a list").iter().rev().map(line).collect()
}

/// The newest entry of the project.
fn last(project: &Project) -> Value {
    project.run(["audit", "list", "local", "--limit", "1"]).ended(0).detail("/entries/0")
}

fn assert_whole(project: &Project) {
    assert_eq!(project.run(["audit", "verify"]).ended(0).document()["code"], "audit-whole");
}

#[test]
fn what_was_done_and_how_it_ended_is_on_record() {
    let project = Project::new();
    let deployed = project.run(["deploy", "local", "--reason", "it is new"]).ended(0);
    let entry = last(&project);
    for (pointer, expect) in
        [("/deployment", deployed.detail("/deployment/id")), ("/plan", deployed.detail("/deployment/plan")), ("/reason", "it is new".into())]
    {
        assert_eq!(entry.pointer(pointer), Some(&expect), "{entry:#}");
    }
    assert!(entry["began_at"].as_str() < entry["at"].as_str() && entry["environment"]["project"] == "tiny", "{entry:#}");

    project.service("web", "2 exits");
    let _ = project.run(["deploy", "local"]).ended(1);
    assert_eq!(last(&project)["failure"]["code"], "slot-exited");
    project.service("web", "3");
    project.deploy();
    let _ = project.run(["deploy", "local", "--plan", &"0".repeat(64)]).ended(5);
    assert_eq!(last(&project)["failure"]["code"], "plan-stale");
    let _ = project.run(["rollback", "local", "--last"]).ended(0);
    let _ = project.run(["down", "local", "--yes"]).ended(0);
    let expected = [
        "deploy begun cli",
        "deploy committed cli",
        "deploy begun cli",
        "deploy rolled_back cli",
        "deploy begun cli",
        "deploy committed cli",
        "deploy refused cli",
        "rollback begun cli",
        "rollback committed cli",
        "down begun cli",
        "down committed cli",
    ];
    assert_eq!(told(&project), expected);
    assert_whole(&project);
}

#[test]
fn what_was_refused_settled_or_undone_without_anyone_is_on_record() {
    let project = Project::new();
    project.deploy();
    project.service("web", "2 unhealthy");
    project.lease("1h");
    let mut deploying = project.begin("deploy");
    deploying.until_phase("prepare");
    let _ = project.run(["rollback", "local", "--last"]).ended(5);
    assert_eq!((&last(&project)["action"], &last(&project)["failure"]["code"]), (&"rollback".into(), &"lease-held".into()));
    deploying.kill();
    let _ = project.run(["resume", "local"]).ended(0);

    project.lease("2s");
    let mut deploying = project.begin("deploy");
    deploying.until_phase("prepare");
    deploying.kill();
    until(Value::Null, || project.run(["status", "local"]).ended(0).detail("/open"));
    let _ = project.run(["host", "stop", "--daemon-only"]).ended(0);
    let expected = [
        "deploy begun cli",
        "deploy committed cli",
        "deploy begun cli",
        "rollback refused cli",
        "resume begun cli",
        "deploy rolled_back cli",
        "deploy begun cli",
        "automatic_rollback begun host",
        "deploy rolled_back cli",
    ];
    assert_eq!(told(&project), expected);
    let of_host = project.run(["audit", "list"]).ended(0).detail("/entries");
    assert!(of_host.as_array().is_some_and(|entries| entries.iter().any(|entry| entry["action"] == "host_stop")), "{of_host:#}");
    assert_whole(&project);
}

#[test]
fn a_log_that_was_exported_is_verified_apart() {
    let project = Project::new();
    project.deploy();
    let export = |args: &[&str]| project.home.run(["audit", "export"].iter().chain(args)).ended(0).stdout;
    let file = project.folder().join("audit.jsonl");
    let check = |text: &str, code: i32, expect: &str| {
        fs::write(&file, text).expect("the folder takes a file");
        let ran = project.run(["audit", "verify", "--file", file.to_str().expect("the path is UTF-8")]).ended(code);
        let answer = ran.document();
        assert_eq!(answer["code"], expect, "{answer:#}");
        answer["details"]["message"].as_str().unwrap_or_default().to_owned()
    };
    let whole = export(&[]);
    let lines: Vec<&str> = whole.lines().collect();
    assert_eq!(lines.len(), 4, "a title, the first start, and two of the deployment: {whole}");
    check(&whole, 0, "audit-whole");
    check(&export(&["--since", "1h"]), 0, "audit-whole");
    assert!(check(&whole.replace("committed", "refused"), 6, "audit-broken").contains("row 3 was changed"));
    assert!(check(&[lines[0], lines[1], lines[3]].join("\n"), 6, "audit-broken").contains("row 2 was deleted"));
    assert!(check(&lines[..3].join("\n"), 6, "audit-broken").contains("row 3 was cut off"));
    assert!(check(&whole.replace("\"entry\"", "\"entries\""), 6, "audit-broken").contains("line 2 was changed"));
    check("no log at all", 2, "audit-unreadable");
    let head = project.run(["audit", "verify"]).ended(0).detail("/head");
    let head = format!("{}:{}", head["seq"], head["hash"].as_str().expect("a hash is a text"));
    project.service("web", "2");
    project.deploy();
    let _ = project.run(["audit", "verify", "--head", &head]).ended(0);
    let _ = project.run(["audit", "verify", "--head", &head.replace(':', "9:")]).ended(6);
}

#[test]
fn a_ledger_that_was_tampered_with_is_found_out() {
    let project = Project::new();
    let _ = project.run(["deploy", "local", "--reason", "the true reason"]).ended(0);
    let _ = project.run(["host", "stop"]).ended(0);
    let ledger = project.home.path().join("ledger.sqlite");
    let mut bytes = fs::read(&ledger).expect("the ledger is there");
    let (true_reason, other) = (b"\"reason\":\"the true reason\",\"began_at\"", b"\"reason\":\"another reason!\",\"began_at\"");
    let place = bytes.windows(true_reason.len()).position(|window| window == true_reason).expect("it is written there");
    bytes[place..place + other.len()].copy_from_slice(other);
    fs::write(&ledger, bytes).expect("it can be written");
    let found = project.run(["audit", "verify"]).ended(6);
    assert_eq!((found.detail("/break/first"), found.detail("/break/what")), (3.into(), "changed".into()));
    assert_eq!(found.detail("/break/now_reads/reason"), "another reason!");
    assert!(found.detail("/message").as_str().is_some_and(|message| message.contains("row 3 was changed")));
    // What was tampered with is told, and deploying goes on.
    project.service("web", "2");
    project.deploy();
}

#[test]
fn where_nothing_ever_was_nothing_is_on_record_and_nothing_is_started() {
    let project = Project::new();
    assert_eq!(told(&project), Vec::<String>::new());
    assert_whole(&project);
    assert!(project.home.processes("").is_empty());
    let _ = project.run(["audit", "list", "--since", "soon"]).ended(2);
}
