//! Clients of others drive a whole life of a project over standard streams: plan, deploy, break, diagnose, roll back.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::agent::REVISIONS;
use crate::ask::get;
use crate::project::Project;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients");

/// A service that is given up soon when it does not become healthy.
fn project() -> Project {
    Project::of(&[("web", "start_timeout = \"700ms\"")])
}

/// A file of the installed clients.
fn installed(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |target| root.join(target));
    let path = target.join("clients").join(file);
    assert!(path.exists(), "{} is not there: `cargo xtask clients` installs it", path.display());
    path
}

fn node() -> Command {
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    Command::new(installed(&format!("node_modules/node-linux-{machine}/bin/node")))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a script that lives a whole life; gives the revision of the protocol that it spoke.
#[track_caller]
fn lived(project: &Project, mut script: Command, mode: &str) -> String {
    script.arg(project.home.binary()).arg(project.folder()).arg(mode).env("PLIMSOLL_HOME", project.home.path());
    let Output { status, stdout, stderr } = script.output().expect("the client starts");
    assert!(status.success(), "{}{}", text(&stdout), text(&stderr));
    text(&stdout).trim().to_owned()
}

/// How a life is on record, whoever has lived it.
#[track_caller]
fn assert_lived(project: &Project) {
    let history = project.history();
    let outcomes: Vec<&Value> = history.iter().map(|deployment| &deployment["outcome"]).collect();
    assert_eq!(outcomes, ["committed", "rolled_back", "committed", "committed"]);
    assert!(history.iter().all(|deployment| deployment["surface"] == "mcp"), "{history:#?}");
    assert_eq!(get(&project.url("web", "/")), "version 1");
}

#[test]
fn the_python_sdk_lives_a_whole_life_in_both_revisions() {
    for (mode, revision) in [("legacy", REVISIONS[0]), ("auto", REVISIONS[1])] {
        let project = project();
        let mut python = Command::new(installed("python/bin/python"));
        python.arg(format!("{SOURCES}/life.py"));
        assert_eq!(lived(&project, python, mode), revision);
        assert_lived(&project);
    }
}

#[test]
fn the_typescript_sdk_lives_a_whole_life_in_both_revisions() {
    for (mode, revision) in [("legacy", REVISIONS[0]), ("auto", REVISIONS[1])] {
        let project = project();
        let mut node = node();
        node.arg(format!("{SOURCES}/life.mjs")).arg(installed("package.json").parent().expect("it lies in a folder"));
        assert_eq!(lived(&project, node, mode), revision);
        assert_lived(&project);
    }
}

/// Calls a tool by the command line of the Inspector, which starts the server anew; gives the document of the answer.
#[track_caller]
fn inspect(project: &Project, tool: &str, arguments: Value) -> Value {
    let mut node = node();
    node.arg(installed("node_modules/@modelcontextprotocol/inspector/clients/cli/build/index.js"));
    node.args(["--method", "tools/call", "--tool-name", tool]);
    for (name, value) in arguments.as_object().expect("arguments have names") {
        node.args(["--tool-arg", &format!("{name}={}", value.as_str().expect("it is a string"))]);
    }
    // It passes nothing on by itself.
    node.args(["-e", &format!("PLIMSOLL_HOME={}", project.home.path().display())]);
    node.arg("--").arg(project.home.binary()).args(["mcp", "-C"]).arg(project.folder());
    // It keeps a list of servers in the home folder.
    let output = node.env("HOME", project.home.path()).output().expect("the client starts");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stderr)));
    assert_eq!(result["isError"] == true, !output.status.success(), "{result:#}");
    result["structuredContent"].clone()
}

#[test]
fn the_inspector_lives_a_whole_life() {
    let project = project();
    let call = |code: &str, tool: &str, more: &[(&str, &Value)]| {
        let mut arguments = json!({ "environment": "local" });
        more.iter().for_each(|(name, value)| arguments[*name] = (*value).clone());
        let answer = inspect(&project, tool, arguments);
        assert_eq!(answer["code"], code, "{tool}: {answer:#}");
        answer["details"].clone()
    };
    let deploy = |code: &str| {
        let plan = call("planned", "plan_deployment", &[]);
        call(code, "deploy_full", &[("plan_hash", &plan["plan"]["hash"])])
    };
    deploy("deployed");
    project.service("web", "2");
    deploy("deployed");
    project.service("web", "3 unhealthy");
    assert_eq!(deploy("slot-unhealthy")["deployment"]["outcome"], "rolled_back");
    let newest = call("history", "list_deployments", &[])["deployments"][0]["id"].clone();
    let shown = call("deployment", "show_deployment", &[("deployment", &newest)]);
    assert_eq!(shown["deployment"]["failure"]["code"], "slot-unhealthy");
    let logs = call("logs", "read_logs", &[("deployment", &newest)]);
    assert!(logs["lines"].to_string().contains("version 3 starts"), "{logs:#}");
    call("healthy", "check_health", &[]);
    let back = call("plan-unseen", "rollback", &[]);
    call("rolled-back", "rollback", &[("plan_hash", &back["plan"]["hash"])]);
    assert_lived(&project);
}
