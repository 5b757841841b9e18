//! From bare servers to hosts, and what may happen to those.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ask::until;
use crate::crew::{Crew, as_root, ssh_config};
use crate::project::Project;
use crate::provisioned::{FLEET, Turn, cut, fleet, heal, set_up, strip};

/// Whether a login opens a host now, by a connection of its own.
fn opens(login: &str, command: &str) -> bool {
    let mut ssh = Command::new("ssh");
    ssh.args(["-F".as_ref(), ssh_config().as_os_str()]).args(["-o", "BatchMode=yes", "-o", "ControlPath=none", login, command]);
    ssh.env_remove("SSH_AUTH_SOCK").output().expect("there is ssh").status.success()
}

/// What stands on a machine that was not there before, and is not meant to stay.
fn traces(host: &str) -> String {
    as_root(
        host,
        "ls -d /home/* /etc/systemd/system/plimsoll* /etc/ssh/sshd_config.d/* /etc/sudoers.d/plimsoll* /etc/plimsoll/* /usr/local/bin/plimsoll \
         /etc/apt/apt.conf.d/52plimsoll* /var/lib/plimsoll 2>/dev/null; getent group plimsoll; nft list tables | grep plimsoll; sshd -T | grep -i permitroot",
    )
}

#[test]
fn a_bare_server_is_set_up_by_one_command_and_made_bare_again_by_another() {
    let _turn = Turn::take();
    let host = FLEET[0];
    let crew = Crew::of("deploy", &[host]);
    strip(&crew, host);
    let before = traces(host);
    let root = format!("root@{host}");

    let planned = crew.run(["host", "provision", &root, "--dry-run"]).ended(0);
    assert_eq!(planned.document()["code"], "planned");
    let state = |measure: &str| {
        let measures = planned.detail("/measures");
        let found = measures.as_array().and_then(|all| all.iter().find(|seen| seen["measure"] == measure).cloned());
        found.map(|seen| seen["state"].clone()).unwrap_or_default()
    };
    assert_eq!(["login", "daemon", "updates", "firewall", "sshd", "swap"].map(state), ["do", "do", "do", "do", "do", "spared"]);
    assert_eq!(crew.run(["host", "provision", &root]).ended(5).document()["code"], "approval-missing");
    assert_eq!(traces(host), before, "looking changes nothing");
    for (more, code) in [(["--login", "root"], "wishes-unfit"), (["--login", "a;reboot"], "wishes-unfit"), (["--without", "sshhd"], "wishes-unfit")] {
        assert_eq!(crew.run(["host", "provision", &root, "--yes"].into_iter().chain(more)).ended(2).document()["code"], code, "{more:?}");
    }

    let done = set_up(&crew, host).ended(0);
    assert_eq!((done.document()["code"].as_str(), done.detail("/deploys_as").as_str()), (Some("provisioned"), Some("deploy@h5")));
    assert!(!opens(&root, "true"), "root is not let in any more");
    assert!(opens("admin@h5", "sudo -n true") && opens("deploy@h5", "true"));
    assert_eq!(set_up(&crew, host).ended(0).document()["code"], "present", "there is nothing more to do");
    assert_eq!(as_root(host, "systemctl list-timers --all --no-legend | grep -c plimsoll || true").trim(), "0", "nothing is taken back later");
    let security = as_root(host, "systemctl is-system-running");
    assert_eq!(security.trim(), "running");
    assert_eq!(crew.run(["host", "upgrade", "deploy@h5"]).ended(0).document()["code"], "up-to-date");

    let removed = crew.run(["host", "remove", "admin@h5", "--yes"]).ended(0);
    assert_eq!(removed.document()["code"], "removed");
    assert_eq!(traces(host), before);
    assert!(opens(&root, "true"), "root is let in again");
}

#[test]
fn nobody_is_locked_out_when_a_login_does_not_open_the_server() {
    let _turn = Turn::take();
    let host = FLEET[1];
    let crew = Crew::of("deploy", &[host]);
    strip(&crew, host);
    // Every login but root's is sent away after that: as a mistake in some other setting would do it.
    as_root(host, "printf 'AllowUsers root\n' > /etc/ssh/sshd_config.d/50-theirs.conf; systemctl reload ssh");
    let refused = set_up(&crew, host).ended(4);
    assert_eq!(refused.document()["code"], "login-fails", "{}", refused.stdout);
    assert!(opens("root@h6", "true"));
    // Closing itself locks them out: it is taken back.
    as_root(
        host,
        "rm /etc/ssh/sshd_config.d/50-theirs.conf; systemctl reload ssh; printf '[Service]\nExecReload=\nExecReload=/bin/sh -c \"test ! -e /etc/ssh/sshd_config.d/00-plimsoll.conf || echo AllowUsers root > /etc/ssh/sshd_config.d/50-theirs.conf; test -e /etc/ssh/sshd_config.d/00-plimsoll.conf || rm -f /etc/ssh/sshd_config.d/50-theirs.conf; kill -HUP $MAINPID\"\n' > /tmp/drop; \
        mkdir -p /etc/systemd/system/ssh.service.d; cp /tmp/drop /etc/systemd/system/ssh.service.d/trap.conf; systemctl daemon-reload",
    );
    let refused = set_up(&crew, host).ended(4);
    assert_eq!(refused.document()["code"], "login-fails", "{}", refused.stdout);
    assert!(refused.stdout.contains("are as before"), "{}", refused.stdout);
    assert!(opens("root@h6", "true") && opens("admin@h6", "true"));
    assert!(!as_root(host, "nft list tables").contains("plimsoll"), "the firewall is taken back too");
    as_root(host, "rm -r /etc/systemd/system/ssh.service.d; systemctl daemon-reload; systemctl reload ssh");
    let _ = set_up(&crew, host).ended(0);
    assert!(!opens("root@h6", "true"));
}

#[test]
fn twenty_deployments_and_rollbacks_lose_no_request() {
    let turn = Turn::take();
    let project = Project::new(fleet(&turn), &FLEET);
    let _ = project.run("deploy", &[]).ended(0);
    let traffic = project.traffic(&FLEET);
    for round in 0..10 {
        project.service(&format!("1{round}"));
        let _ = project.run("deploy", &[]).ended(0);
        project.assert_serves(&format!("1{round}"));
        let _ = project.run("rollback", &["--last"]).ended(0);
        project.assert_serves("1");
    }
    project.assert_at_rest();
    traffic.assert_unharmed();
    let _ = project.run("down", &["--yes"]).ended(0);
}

/// What happens to a deployment that has reached a phase, with which lease, and what makes it good again when the command has ended.
type Disturbance = (&'static str, &'static str, fn(), fn());

const DISTURBANCES: [Disturbance; 6] = [
    (
        "the daemons are killed",
        "10s",
        || FLEET.iter().for_each(|host| drop(as_root(host, "systemctl kill -s KILL --kill-who main plimsoll.service"))),
        || {},
    ),
    ("a daemon is started again", "10s", || drop(as_root(FLEET[2], "systemctl restart plimsoll.service")), || {}),
    ("a host is cut off for 5 s", "10s", || cut_for_a_while(FLEET[1]), || {}),
    ("the home host is cut off for 5 s", "10s", || cut_for_a_while(FLEET[0]), || {}),
    ("a host is cut off for good", "3s", || cut(FLEET[2]), || heal(FLEET[2])),
    ("the home host is cut off for good", "3s", || cut(FLEET[0]), || heal(FLEET[0])),
];

fn cut_for_a_while(host: &str) {
    cut(host);
    std::thread::sleep(Duration::from_secs(5));
    heal(host);
}

#[test]
fn whatever_happens_in_whatever_phase_all_hosts_end_alike() {
    let turn = Turn::take();
    let project = Project::new(fleet(&turn), &FLEET);
    project.service("old");
    let _ = project.run("deploy", &[]).ended(0);
    let traffic = project.traffic(&FLEET);
    for phase in ["prepare", "switch", "verify"] {
        for (what, lease, disturb, make_good) in DISTURBANCES {
            project.service("new");
            project.lease(lease);
            let mut deploying = project.begin("deploy");
            deploying.until_phase(phase);
            disturb();
            let ended = deploying.finish();
            make_good();
            project.lease("30s");
            assert!(matches!(ended.code, Some(0 | 1 | 4 | 6)), "{what} in {phase}: {}\n{}", ended.stdout, ended.stderr);
            settled(&project, &format!("{what} in {phase}"));
            project.service("old");
            let _ = project.run("deploy", &[]).ended(0);
            project.assert_serves("old");
        }
    }
    traffic.assert_unharmed();
    let _ = project.run("down", &["--yes"]).ended(0);
}

/// All hosts serve what the record says, with one program each, and nothing is open.
fn settled(project: &Project, what: &str) {
    // What was sealed waits for the next command of anyone, and that needs no unlocking.
    until(Value::Null, || {
        let _ = project.run("resume", &[]);
        project.run("status", &[]).ended(0).detail("/open")
    });
    let live = if project.outcomes()[0] == "committed" { "new" } else { "old" };
    println!("{what}: {live}");
    project.assert_at_rest();
    project.assert_serves(live);
}

#[test]
fn a_host_that_is_started_again_serves_again_and_settles_what_was_open() {
    let turn = Turn::take();
    let project = Project::new(fleet(&turn), &FLEET);
    project.service("old");
    let _ = project.run("deploy", &[]).ended(0);
    let others = project.traffic(&FLEET[..2]);
    for phase in ["prepare", "switch", "verify"] {
        project.service("new");
        project.lease("15s");
        let mut deploying = project.begin("deploy");
        deploying.until_phase(phase);
        restart(FLEET[2]);
        let ended = deploying.finish();
        assert!(matches!(ended.code, Some(0 | 1 | 4 | 6)), "{phase}: {}\n{}", ended.stdout, ended.stderr);
        project.lease("30s");
        settled(&project, phase);
        project.service("old");
        let _ = project.run("deploy", &[]).ended(0);
    }
    let status = project.run("status", &[]).ended(0);
    assert_eq!(status.detail("/healthy"), json!(true), "{}", status.stdout);
    others.assert_unharmed();
    let _ = project.run("down", &["--yes"]).ended(0);
}

/// As if its plug were pulled: everything in it is killed.
fn restart(host: &str) {
    let container = format!("plimsoll-test-{host}");
    for verb in ["kill", "start"] {
        let done = Command::new("docker").args([verb, &container]).output().expect("there is docker");
        assert!(done.status.success(), "{verb} {container}: {}", String::from_utf8_lossy(&done.stderr));
    }
    until(true, || as_root(host, "systemctl is-system-running --wait || true").contains("running"));
}
