//! What the login that deploys may not do on a machine that is set up as a whole, and what programs may not. All of it is tried.

use std::process::{Command, Stdio};

use crate::crew::{Crew, as_root};
use crate::project::Project;
use crate::provisioned::{FLEET, Turn, fleet};

/// The value of a secret that nobody else may see.
const VALUE: &str = "tell-nobody-4711";

/// Runs a command on the first machine as the login that deploys; what it says.
fn as_deploy(command: &str) -> (bool, String) {
    let mut docker = Command::new("docker");
    docker.args(["exec", "--user", "deploy", "plimsoll-test-h5", "sh", "-c", command]).stdin(Stdio::null());
    let output = docker.output().expect("there is docker");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Makes another login that may speak to the daemon, and gives its crew.
fn another() -> Crew {
    as_root(
        FLEET[0],
        "id other >/dev/null 2>&1 || useradd --create-home --shell /bin/bash --groups plimsoll other; cp -r /home/deploy/.ssh /home/other/; chown -R other: /home/other",
    );
    Crew::of("other", &FLEET[..1])
}

#[test]
fn the_login_that_deploys_can_deploy_and_nothing_else() {
    let turn = Turn::take();
    drop(fleet(&turn));
    let project = Project::new(Crew::of("deploy", &FLEET[..1]), &FLEET[..1]);
    project.with_secret("TOKEN");
    let deployed = project.run_with("deploy", &[], &[("TOKEN", VALUE)]).ended(0);
    assert!(!deployed.stdout.contains(VALUE));
    project.assert_serves("1");
    let pid = project.run("status", &[]).ended(0).detail("/components/0/slots/0/pid").to_string();

    for command in [
        "sudo -n true",
        "su -c true",
        "cat /etc/shadow",
        "ls /var/lib/plimsoll/environments",
        "cat /var/lib/plimsoll/environments/tiny/production/secrets/*",
        "cat /var/lib/plimsoll/ledger.sqlite",
        &format!("cat /proc/{pid}/environ"),
        &format!("kill {pid}"),
        "systemctl stop plimsoll.service",
        "systemd-run --wait true",
        "systemctl edit --full --force plimsoll.service",
        "echo x > /usr/local/bin/plimsoll",
        "echo x > /etc/systemd/system/plimsoll.service",
        "docker ps",
        "docker run --rm -v /:/host x true",
        "nft list ruleset",
        "touch /run/plimsoll/x",
        "ls /var/lib/private",
        "journalctl --no-pager -u 'plimsoll-*' | grep version",
    ] {
        let (done, said) = as_deploy(command);
        assert!(!done && !said.contains(VALUE), "{command}: {said}");
    }
    for show in ["systemctl show 'plimsoll-*.service'", "ps auxeww", "systemctl cat 'plimsoll-*.service'"] {
        assert!(!as_deploy(show).1.contains(VALUE), "{show} tells it");
    }
    assert!(as_root(FLEET[0], &format!("cat /proc/{pid}/environ")).contains(VALUE), "the program has it");
    let unit = as_root(FLEET[0], "systemctl list-units --plain --no-legend 'plimsoll-tiny*' | cut -d ' ' -f 1");
    let exposure = as_root(FLEET[0], &format!("systemd-analyze security --no-pager {} | tail -1", unit.trim()));
    let score: f32 = exposure.split(": ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or_else(|| panic!("{exposure}"));
    assert!(score < 4.0, "{exposure}");

    for user in ["root", "admin", "daemon"] {
        project.user(Some(user));
        let refused = project.run_with("deploy", &[], &[("TOKEN", VALUE)]).ended(1);
        assert_eq!(refused.document()["code"], "user-not-allowed", "{user}: {}", refused.stdout);
        project.assert_serves("1");
    }
    project.user(None);

    // Another login of the same machine sees nothing of the project, and cannot put a program of its own in its place.
    let theirs = Project::new(another(), &FLEET[..1]);
    theirs.with_secret("TOKEN");
    for command in ["status", "history", "logs", "deploy", "plan", "rollback", "down"] {
        let refused = theirs.run_with(command, if command == "down" { &["--yes"] } else { &[] }, &[("TOKEN", "x")]);
        assert!(refused.stdout.contains("not-yours"), "{command}: {}", refused.stdout);
        assert!(!refused.stdout.contains(VALUE));
    }
    project.assert_serves("1");
    let _ = project.run("down", &["--yes"]).ended(0);
    as_root(FLEET[0], "userdel --force --remove other; rm -f /var/lib/plimsoll/owners/tiny");
}
