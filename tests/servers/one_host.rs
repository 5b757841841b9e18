//! One machine, from a bare login to a service that is deployed, rolled back and taken away.

use crate::ask::until;
use crate::crew::{Crew, as_root};
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

/// Bytes that have come to a host from outside.
fn received(host: &str) -> u64 {
    as_root(host, "cat /sys/class/net/eth0/statistics/rx_bytes").trim().parse().expect("a count")
}

/// A host to which not more than 5 MB a second come by SSH, until this is dropped.
struct Slow(&'static str);

impl Slow {
    const RULE: &str = "INPUT -i eth0 -p tcp --dport 22 -m hashlimit --hashlimit-name slow --hashlimit-above 5mb/s -j DROP";

    fn down(host: &'static str) -> Self {
        as_root(host, &format!("iptables -I {}", Self::RULE));
        Self(host)
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        as_root(self.0, &format!("iptables -D {}", Self::RULE));
    }
}

#[test]
fn of_a_large_file_only_what_is_new_is_sent_and_after_a_cut_only_the_rest() {
    let project = Project::new(Crew::new(&["h2"]), &["h2"]);
    let mut data = vec![0; 16 << 20];
    fill(&mut data, 1);
    project.data(&data);
    let before = received("h2");
    let _ = project.run("deploy", &[]).ended(0);
    assert!(received("h2") - before > 16 << 20, "it does not get smaller");

    // A few bytes in the middle of it are new.
    data.splice(8 << 20..8 << 20, *b"something new");
    project.data(&data);
    let before = received("h2");
    let _ = project.run("deploy", &[]).ended(0);
    assert!(received("h2") - before < 2 << 20, "{}", received("h2") - before);

    // All of it is new, and the connection breaks when half of it has come.
    fill(&mut data, 2);
    project.data(&data);
    let before = received("h2");
    let slow = Slow::down("h2");
    let deploying = project.begin("deploy");
    until(true, || received("h2") - before > 8 << 20);
    as_root("h2", &format!("pkill -KILL -u {} sshd", project.crew.name()));
    drop(slow);
    let ended = deploying.finish();
    assert_eq!(ended.code, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let sent = received("h2") - before;
    assert!(sent < 23 << 20, "what has come is not sent again: {sent}");
    project.assert_serves("1");
    let _ = project.run("down", &["--yes"]).ended(0);
}

/// Bytes that do not repeat, other ones for each `seed` (xorshift, Marsaglia 2003).
fn fill(data: &mut [u8], seed: u64) {
    let mut state = seed;
    for bytes in data.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.copy_from_slice(&state.to_le_bytes()[..bytes.len()]);
    }
}
