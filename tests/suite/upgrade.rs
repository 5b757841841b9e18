//! Plimsoll itself is upgraded: daemon and proxy give way to another build, slots and requests do not notice.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_testkit::fixtures::Ran;
use serde_json::Value;

use crate::ask::get;
use crate::project::Project;
use crate::traffic::Traffic;

/// Another build of the binary. What tells builds apart is their file.
fn build(project: &Project, name: &str) -> PathBuf {
    let exe = project.folder().join(name);
    fs::copy(project.home.binary(), &exe).expect("the folder takes a copy");
    exe
}

/// Runs this build for the project, with `--json`.
fn run(exe: &Path, project: &Project, args: &[&str]) -> Ran {
    let mut command = Command::new(exe);
    command.arg("-C").arg(project.folder()).args(args).arg("--json").env("PLIMSOLL_HOME", project.home.path());
    let output = command.output().expect("it can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what plimsoll prints is UTF-8");
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn facts(exe: &Path, project: &Project) -> Value {
    run(exe, project, &["host", "facts"]).ended(0).detail("/facts")
}

#[test]
fn daemon_and_proxy_give_way_and_no_request_is_lost() {
    let project = Project::of(&[("api", ""), ("web", "depends_on = [\"api\"]")]);
    project.deploy();
    let slots = project.programs();
    let mut before = facts(project.home.binary(), &project);
    let (first, version) = (before["build"].clone(), before["version"].clone());
    let traffic = [Traffic::to(&project, "web"), Traffic::to(&project, "api")];
    for round in 1..=3 {
        let exe = build(&project, &format!("plimsoll-{round}"));
        let upgraded = run(&exe, &project, &["host", "upgrade"]).ended(0);
        let after = facts(&exe, &project);
        for (name, from, to) in [("daemon", &before, &after), ("proxy", &before["proxy"], &after["proxy"])] {
            let expect = |facts: &Value| ["pid", "version", "build"].map(|fact| facts[fact].clone());
            let told = |end: &str| expect(&upgraded.detail(&format!("/{name}/{end}")));
            assert_eq!((told("from"), told("to")), (expect(from), expect(to)), "{name}: {upgraded:?}");
            assert!(from["pid"] != to["pid"] && from["build"] != to["build"] && to["version"] == version, "{name}: {from} {to}");
        }
        assert_eq!((upgraded.document()["code"].clone(), project.programs()), ("upgraded".into(), slots.clone()));
        let keepers: Vec<&Value> = after["keepers"].as_array().expect("keepers are a list").iter().map(|keeper| &keeper["build"]).collect();
        assert_eq!(keepers, [&first; 3], "the keepers of two slots and of the proxy");
        assert_eq!(run(&exe, &project, &["host", "upgrade"]).ended(0).document()["code"], "up-to-date");
        traffic.iter().for_each(Traffic::flows);
        before = after;
    }
    project.service("web", "2");
    let _ = run(&project.folder().join("plimsoll-3"), &project, &["deploy", "local"]).ended(0);
    assert_eq!((get(&project.url("web", "/")), get(&project.url("api", "/"))), ("version 2".into(), "version 1".into()));
    for traffic in traffic {
        traffic.assert_unharmed();
    }
    assert_eq!(project.run(["audit", "verify"]).ended(0).document()["code"], "audit-whole");
}

#[test]
fn it_waits_for_a_deployment_that_is_under_way() {
    let project = Project::new();
    project.deploy();
    let traffic = Traffic::to(&project, "web");
    let (exe, before) = (build(&project, "other"), facts(project.home.binary(), &project));
    project.service("web", "2 unhealthy");
    let mut deploying = project.begin("deploy");
    deploying.until_phase("prepare");
    let refused = run(&exe, &project, &["host", "upgrade"]).ended(5);
    assert_eq!(refused.document()["code"], "host-busy", "{refused:?}");
    // The build that serves is the one that deploys: its own upgrade has to wait as well.
    assert_eq!(project.run(["host", "upgrade"]).ended(5).document()["code"], "host-busy");
    deploying.interrupt();
    let _ = deploying.finish().ended(1);
    let after = facts(project.home.binary(), &project);
    assert_eq!([&after["pid"], &after["proxy_pid"]], [&before["pid"], &before["proxy_pid"]]);
    assert_eq!(run(&exe, &project, &["host", "upgrade"]).ended(0).document()["code"], "upgraded");
    traffic.assert_unharmed();
}

#[test]
fn a_file_that_was_replaced_is_another_build() {
    let project = Project::new();
    let exe = build(&project, "plimsoll");
    let _ = run(&exe, &project, &["deploy", "local"]).ended(0);
    let traffic = Traffic::to(&project, "web");
    let pids = |facts: &Value| BTreeSet::from([facts["pid"].to_string(), facts["proxy_pid"].to_string()]);
    let before = pids(&facts(&exe, &project));
    fs::remove_file(&exe).expect("it was copied there");
    build(&project, "plimsoll");
    let upgraded = run(&exe, &project, &["host", "upgrade"]).ended(0);
    assert_eq!(upgraded.document()["code"], "upgraded", "{upgraded:?}");
    assert!(pids(&facts(&exe, &project)).is_disjoint(&before));
    traffic.assert_unharmed();
}

#[test]
fn an_older_binary_refuses_a_newer_ledger_and_says_what_to_do() {
    let project = Project::new();
    project.deploy();
    let _ = project.run(["host", "stop"]).ended(0);
    let ledger = project.home.path().join("ledger.sqlite");
    let kept = fs::read(&ledger).expect("the ledger is there");
    let mut bytes = kept.clone();
    // SQLite keeps the version of its user there, the most significant byte first.
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&ledger, &bytes).expect("it can be written");
    for command in [&["status", "local"][..], &["deploy", "local"], &["host", "facts"], &["host", "upgrade"], &["audit", "verify"]] {
        let refused = project.run(command.iter().copied()).ended(4);
        let answer = refused.document();
        assert_eq!(answer["code"], "state-newer", "{answer:#}");
        assert!(answer["details"]["message"].as_str().is_some_and(|message| message.contains("version 99")), "{answer:#}");
        assert!(answer["help"].as_str().is_some_and(|help| help.contains("use that version or newer")), "{answer:#}");
    }
    assert_eq!(fs::read(&ledger).expect("the ledger is there"), bytes, "it is left alone");
    fs::write(&ledger, &kept).expect("it can be written");
    assert_eq!(project.deploy().detail("/deployment/outcome"), "unchanged");
}

#[test]
fn where_nothing_ever_was_there_is_nothing_to_upgrade() {
    let project = Project::new();
    assert_eq!(project.run(["host", "upgrade"]).ended(0).document()["code"], "no-host");
    assert!(project.home.processes("").is_empty());
}
