//! From bare servers to hosts, and what may happen to those.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ask::until;
use crate::crew::{Crew, as_root, ssh_config};
use crate::project::Project;
use crate::provisioned::{FLEET, Turn, cut, fleet, heal, set_up, strip};
use crate::running::Running;
use crate::shop::Store;

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
fn a_shop_loses_no_request_in_twenty_deployments_and_rollbacks_from_bare_servers_on() {
    let turn = Turn::take();
    let stripping = Crew::of("deploy", &FLEET);
    FLEET.iter().for_each(|host| strip(&stripping, host));
    let crew = fleet(&turn);
    let shop = Store::new(&crew, &FLEET);
    shop.set_version("v0");
    let _ = shop.run("deploy", &[]).ended(0);
    shop.assert_serves("v0");
    let traffic = shop.traffic();
    for round in 1..=20 {
        let version = format!("v{round}");
        shop.set_version(&version);
        let _ = shop.run("deploy", &[]).ended(0);
        shop.assert_serves(&version);
        let _ = shop.run("rollback", &["--last"]).ended(0);
        shop.assert_serves("v0");
    }
    let status = shop.run("status", &[]).ended(0);
    assert_eq!(status.detail("/healthy"), json!(true), "{}", status.stdout);
    traffic.assert_unharmed();
    let _ = shop.run("down", &["--yes"]).ended(0);
}

/// What happens to a deployment that has reached a phase, with which lease, and what makes it good again when the command has ended.
type Disturbance = (&'static str, &'static str, fn(&mut Running), fn());

const DISTURBANCES: [Disturbance; 7] = [
    ("the operator is killed", "2s", Running::kill, || {}),
    (
        "the daemons are killed",
        "10s",
        |_| FLEET.iter().for_each(|host| drop(as_root(host, "systemctl kill -s KILL --kill-who main plimsoll.service"))),
        || {},
    ),
    ("a daemon is started again", "10s", |_| drop(as_root(FLEET[2], "systemctl restart plimsoll.service")), || {}),
    ("a host is cut off for 5 s", "10s", |_| cut_for_a_while(FLEET[1]), || {}),
    ("the home host is cut off for 5 s", "10s", |_| cut_for_a_while(FLEET[0]), || {}),
    ("a host is cut off for good", "3s", |_| cut(FLEET[2]), || heal(FLEET[2])),
    ("the home host is cut off for good", "3s", |_| cut(FLEET[0]), || heal(FLEET[0])),
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
            disturb(&mut deploying);
            let ended = deploying.finish();
            make_good();
            project.lease("30s");
            assert!(matches!(ended.code, None | Some(0 | 1 | 4 | 6)), "{what} in {phase}: {}\n{}", ended.stdout, ended.stderr);
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

/// How a host fares that is stopped, as if its plug were pulled: everything in it is killed.
#[derive(Debug, Clone, Copy)]
enum Stop {
    /// It starts at once.
    AndStart,
    /// It stays away until the command has given it up, and others have looked at what is left.
    ForLong,
}

#[test]
fn a_host_that_is_stopped_serves_again_when_it_starts_and_settles_what_was_open() {
    let turn = Turn::take();
    let project = Project::new(fleet(&turn), &FLEET);
    project.service("old");
    let _ = project.run("deploy", &[]).ended(0);
    let [home, spared, other] = FLEET;
    // Hosts that go on lose nothing by it.
    let traffic = project.traffic(&[spared]);
    for (host, stop) in [(other, Stop::AndStart), (other, Stop::ForLong), (home, Stop::ForLong)] {
        for phase in ["prepare", "switch", "verify"] {
            let what = format!("{host} {stop:?} in {phase}");
            project.service("new");
            project.lease("15s");
            let mut deploying = project.begin("deploy");
            deploying.until_phase(phase);
            container("kill", host);
            if matches!(stop, Stop::AndStart) {
                start(host);
            }
            let ended = deploying.finish();
            assert!(matches!(ended.code, Some(0 | 1 | 4 | 6)), "{what}: {}\n{}", ended.stdout, ended.stderr);
            project.lease("30s");
            if matches!(stop, Stop::ForLong) {
                missed(&project, host, &what);
                start(host);
            }
            settled(&project, &what);
            project.service("old");
            let _ = project.run("deploy", &[]).ended(0);
        }
    }
    let status = project.run("status", &[]).ended(0);
    assert_eq!(status.detail("/healthy"), json!(true), "{}", status.stdout);
    traffic.assert_unharmed();
    let _ = project.run("down", &["--yes"]).ended(0);
}

/// `status` names the host that is gone, and nothing begins without it.
fn missed(project: &Project, host: &str, what: &str) {
    let status = project.run("status", &[]);
    assert!(status.stdout.contains(&format!("deploy@{host}")), "{what}: {}", status.stdout);
    let refused = project.run("deploy", &[]).ended(4);
    assert!(refused.stdout.contains(&format!("deploy@{host}")), "{what}: {}", refused.stdout);
}

fn start(host: &str) {
    container("start", host);
    until(true, || as_root(host, "systemctl is-system-running --wait || true").contains("running"));
}

fn container(verb: &str, host: &str) {
    let container = format!("plimsoll-test-{host}");
    let done = Command::new("docker").args([verb, &container]).output().expect("there is docker");
    assert!(done.status.success(), "{verb} {container}: {}", String::from_utf8_lossy(&done.stderr));
}
