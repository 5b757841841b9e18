//! One machine, from a bare login to a service that is deployed, rolled back and taken away.

use crate::crew::Crew;
use crate::project::Project;

#[test]
fn a_bare_login_becomes_a_host_and_serves() {
    let crew = Crew::bare(&["h1"]);
    let login = crew.logins().remove(0);
    let project = Project::new(crew, &["h1"]);

    let refused = project.run("deploy", &[]).ended(4);
    assert_eq!(
        (refused.document()["code"].as_str(), refused.document()["help"].as_str().map(|help| help.contains(&login))),
        (Some("plimsoll-missing"), Some(true))
    );
    let unasked = project.crew.run(["host", "add", &login]).ended(5);
    assert_eq!(unasked.document()["code"], "approval-missing");
    let added = project.crew.run(["host", "add", &login, "--yes"]).ended(0);
    assert_eq!((added.document()["code"].as_str(), added.detail("/facts/platform").as_str()), (Some("installed"), Some("linux-x86_64")));
    assert_eq!(project.crew.run(["host", "add", &login, "--yes"]).ended(0).document()["code"], "present");
    assert_eq!(project.crew.run(["host", "facts", &login]).ended(0).detail("/facts/machine"), "h1");
    assert_eq!(project.crew.run(["host", "upgrade", &login]).ended(0).document()["code"], "up-to-date");

    let deployed = project.run("deploy", &[]).ended(0);
    assert_eq!(deployed.detail("/deployment/outcome"), "committed");
    project.assert_serves("1");
    let traffic = project.traffic(&["h1"]);
    assert_eq!(project.run("deploy", &[]).ended(0).detail("/deployment/outcome"), "unchanged");
    project.service("2");
    let _ = project.run("deploy", &[]).ended(0);
    project.assert_serves("2");
    let _ = project.run("rollback", &["--last"]).ended(0);
    project.assert_serves("1");
    project.service("3 exits");
    let bad = project.run("deploy", &[]).ended(1);
    assert_eq!((bad.document()["code"].as_str(), bad.detail("/deployment/outcome").as_str()), (Some("slot-exited"), Some("rolled_back")));
    project.assert_serves("1");
    project.assert_at_rest();

    let status = project.run("status", &[]).ended(0);
    assert_eq!((status.detail("/healthy"), status.detail("/hosts/0/name")), (true.into(), login.clone().into()));
    assert_eq!(status.detail("/components/0/slots/0/host"), login.clone());
    assert_eq!(project.outcomes(), ["rolled_back", "committed", "committed", "committed"]);
    let id = deployed.detail("/deployment/id");
    assert_eq!(project.run("show", &[id.as_str().expect("a deployment has a name")]).ended(0).detail("/deployment/id"), id);
    let logs = project.run("logs", &[]).ended(0);
    assert!(logs.detail("/lines").to_string().contains("version 1 starts"), "{}", logs.stdout);
    assert_eq!(project.run("resume", &[]).ended(0).detail("/deployment"), serde_json::Value::Null);
    traffic.assert_unharmed();

    let _ = project.run("down", &["--yes"]).ended(0);
    assert_eq!(project.run("status", &[]).ended(0).detail("/components"), serde_json::json!([]));
    assert_eq!(project.programs()["h1"], 0);
}
