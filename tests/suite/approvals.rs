//! Approvals: an environment waits for a person's signature, whoever wants to change it.

use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_testkit::fixtures::Ran;
use serde_json::{Value, json};

use crate::ask::get;
use crate::mcp::agent::Agent;
use crate::project::Project;

/// A key of somebody's, outside of the project.
struct Person {
    folder: tempfile::TempDir,
}

impl Person {
    fn new(name: &str) -> Self {
        let person = Self { folder: tempfile::tempdir().expect("there is room") };
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]).arg(person.key()).status();
        assert!(made.is_ok_and(|status| status.success()), "a key is made");
        person
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    fn public(&self) -> String {
        std::fs::read_to_string(self.key().with_extension("pub")).expect("there is a public key").trim().to_owned()
    }
}

/// A project whose local environment lets agents deploy what these people approve.
fn wanting(whose: &str, people: &[&Person]) -> Project {
    let project = Project::new();
    let keys: Vec<String> = people.iter().map(|person| person.public()).collect();
    project.edit("lease = \"30s\"", &format!("lease = \"30s\"\nrequires = {{ approval = \"{whose}\" }}\napprovers = {}", json!(keys)));
    project
}

fn approve(project: &Project, person: &Person, plan: &Value) -> Ran {
    let key = person.key();
    let words = ["approve", plan.as_str().expect("it is a hash"), "--yes", "--key", utf8(&key)];
    project.run(words)
}

fn utf8(path: &Path) -> &str {
    path.to_str().expect("paths of tests are UTF-8")
}

#[test]
fn an_agent_deploys_what_a_person_has_approved_and_nothing_else() {
    let (ann, eve) = (Person::new("ann@desk"), Person::new("eve@desk"));
    let project = wanting("agents", &[&ann]);
    let mut agent = Agent::of(&project, &[]);
    let plan = agent.call("plan_deployment", json!({ "environment": "local" })).well();
    assert_eq!(plan["details"]["plan"]["approval"]["of"], "agents", "{plan:#}");
    let seen = json!({ "environment": "local", "plan_hash": plan["details"]["plan"]["hash"], "reason": "the shop is slow" });
    let refused = agent.call("deploy_full", seen.clone()).failed("approval-needed");
    let hash = seen["plan_hash"].clone();
    assert!(
        refused["help"].as_str().expect("it says what to do").contains(&format!("plimsoll approve {} local", hash.as_str().unwrap())),
        "{refused:#}"
    );
    assert_eq!(project.history().len(), 0);
    // A person sees what waits, and why.
    let waiting = project.run(["approvals", "local"]).ended(0);
    assert_eq!((waiting.detail("/plans/0/plan"), waiting.detail("/plans/0/reason")), (hash.clone(), json!("the shop is slow")));
    // Not everyone's yes counts, and none for a plan that nobody has made.
    assert_eq!(approve(&project, &eve, &hash).ended(5).document()["code"], "not-an-approver");
    assert_eq!(approve(&project, &ann, &json!("0".repeat(64))).ended(5).document()["code"], "plan-unknown");
    let unsaid = project.run(["approve", hash.as_str().unwrap(), "--key", utf8(&ann.key())]).ended(5);
    assert_eq!(unsaid.document()["code"], "approval-unconfirmed");
    let _ = agent.call("deploy_full", seen.clone()).failed("approval-needed");
    let _ = approve(&project, &ann, &hash).ended(0);
    // It is for this plan alone: the world moves, and the agent has to ask anew.
    project.service("web", "2");
    let _ = agent.call("deploy_full", seen.clone()).failed("plan-stale");
    project.service("web", "1");
    assert_eq!(agent.call("deploy_full", seen).well()["code"], "deployed");
    assert_eq!(get(&project.url("web", "/")), "version 1");
    let shown = project.run(["history", "local"]).ended(0).detail("/deployments/0/id");
    let shown = project.run(["show", "local", shown.as_str().unwrap()]).ended(0);
    assert!(shown.detail("/deployment/approved_by").as_str().is_some_and(|by| by.contains("ann@desk")), "{}", shown.stdout);
    let told = project.run(["audit", "list"]).ended(0).detail("/entries");
    assert!(told.as_array().unwrap().iter().any(|entry| entry["action"] == "approval" && entry["outcome"] == "done"), "{told:#}");
    // People need no approval here.
    project.service("web", "2");
    let _ = project.deploy();
    // An agent that names itself as who approves is judged by who stands on record.
    project.edit(&ann.public(), &eve.public());
    project.service("web", "3");
    let plan = agent.call("plan_deployment", json!({ "environment": "local" })).well();
    let seen = json!({ "environment": "local", "plan_hash": plan["details"]["plan"]["hash"] });
    let _ = agent.call("deploy_full", seen.clone()).failed("approval-needed");
    assert_eq!(approve(&project, &eve, &seen["plan_hash"]).ended(5).document()["code"], "not-an-approver");
    assert_eq!(get(&project.url("web", "/")), "version 2");
}

#[test]
fn everyone_can_be_made_to_wait() {
    let ann = Person::new("ann@desk");
    let project = wanting("everyone", &[&ann]);
    let refused = project.run(["deploy", "local", "--yes"]).ended(5);
    assert_eq!(refused.document()["code"], "approval-needed");
    // What is only played needs no approval.
    let played = project.run(["simulate", "local"]).ended(0);
    assert_eq!(played.detail("/outcome"), "committed", "{}", played.stdout);
    // Approved before anybody has asked: the plan is made once more to show it.
    let hash = project.run(["plan", "local"]).ended(0).detail("/plan/hash");
    let _ = approve(&project, &ann, &hash).ended(0);
    let _ = project.deploy();
    assert_eq!(get(&project.url("web", "/")), "version 1");
    // Once: the way back and down wait for their own.
    project.service("web", "2");
    let hash = project.run(["plan", "local"]).ended(0).detail("/plan/hash");
    let _ = approve(&project, &ann, &hash).ended(0);
    let _ = project.deploy();
    for command in ["rollback", "down"] {
        let refused = project.run([command, "local", "--yes"]).ended(5);
        assert_eq!(refused.document()["code"], "approval-needed", "{command}");
        let waiting = project.run(["approvals", "local"]).ended(0).detail("/plans/0/plan");
        let _ = approve(&project, &ann, &waiting).ended(0);
        let _ = project.run([command, "local", "--yes"]).ended(0);
    }
}
