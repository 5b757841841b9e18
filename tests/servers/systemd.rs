//! Slots as units of systemd, on a host where the daemon is root.

use crate::ask::until;
use crate::system::System;

const MANIFEST: &str = r#"
[components.web]
path = "web"
run = "echo started >> $STATE_DIRECTORY/log; exec ./service ."
health = { path = "/health", interval = "50ms" }
secrets = ["TOKEN"]
shared = ["uploads"]

[components.other]
path = "other"
run = "exec ./service ."
health = { path = "/health", interval = "50ms" }
"#;

/// With all that means something to systemd, to shells and to the journal.
const TOKEN: &str = "planted-7f3a91 \"q\" 'and' \\ $PATH `id` %n é\n# planted-second\r\n\u{1b}[1mplanted-third\\";

const UNIT: &str = "plimsoll-tiny.production.web-1.service";

fn deployed(prints: &str) -> System {
    let system = System::new(MANIFEST, &[("web", prints), ("other", "1")]);
    let deployed = system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(0);
    assert_eq!(deployed.detail("/deployment/outcome"), "committed", "{}", deployed.stdout);
    system
}

#[test]
fn a_slot_may_do_little_and_keeps_its_secrets() {
    let system = deployed("1 prints=TOKEN");
    let (web, other) = (system.pid("web"), system.pid("other"));
    let fact = |pid: u64, name: &str| system.root(&format!("awk '$1 == \"{name}:\" {{ print $2 }}' /proc/{pid}/status")).trim().to_owned();
    assert!(fact(web, "Uid") != fact(other, "Uid") && fact(web, "Uid") != "0", "each has a user of its own");
    assert_eq!(system.root(&format!("systemctl show -P User {UNIT}")).trim(), "tiny_production_web");
    for capabilities in ["CapEff", "CapBnd", "CapPrm", "CapAmb"] {
        assert_eq!(fact(web, capabilities), "0000000000000000", "{capabilities}");
    }
    assert_eq!(fact(web, "NoNewPrivs"), "1");
    system.root(&format!("systemd-analyze security --no-pager --threshold=40 {UNIT}"));

    let environ = system.root(&format!("tr '\\0' '\\1' < /proc/{web}/environ"));
    assert!(environ.split('\u{1}').any(|entry| entry == format!("TOKEN={TOKEN}")), "the value arrives as it is: {environ}");
    for shown in [format!("systemctl show {UNIT}"), "ps axww -o args".into(), format!("cat /run/systemd/transient/{UNIT}")] {
        let text = system.root(&shown);
        assert!(!text.contains("planted") && text.contains("service"), "{shown}: {text}");
    }
    let logs = system.run("logs", &[], &[]).ended(0);
    let lines = logs.detail("/lines").to_string();
    assert!(lines.contains("TOKEN is ***") && lines.contains("version 1 starts") && !lines.contains("planted"), "{lines}");

    // The folders of the host are root's, and another slot does not even see what is in them.
    let uid = fact(other, "Uid");
    let foreign = [
        system.state("logs/web-1.secrets"),
        system.state("secrets"),
        system.state("releases/web"),
        "/var/lib/private/plimsoll-tiny.production.web/log".into(),
    ];
    for path in foreign {
        system.root(&format!("test -e {path}"));
        let inside = format!("nsenter -t {other} -m setpriv --reuid {uid} --regid {uid} --clear-groups ls {path}");
        let outside = format!("setpriv --reuid {uid} --regid {uid} --clear-groups ls {path}");
        for attempt in [inside, outside] {
            assert_eq!(system.root(&format!("{attempt} 2>/dev/null || echo refused")), "refused\n", "{attempt}");
        }
    }
}

#[test]
fn a_slot_outlives_the_daemon_and_comes_back_from_all_else() {
    let system = deployed("1");
    let first = system.pid("web");
    system.kill_daemon();
    system.root(&format!("test -d /proc/{first}"));
    system.serve();
    assert_eq!(system.pid("web"), first, "it is found again");
    assert_eq!(system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(0).detail("/deployment/outcome"), "unchanged");

    system.root(&format!("kill -9 {first}"));
    until(true, || ![0, first].contains(&system.pid("web")));
    let status = system.run("status", &[], &[]).ended(0).detail("/components").to_string();
    assert!(status.contains("\"restarts\":1"), "{status}");

    // What someone stops by hand, the daemon starts again: the ledger says that it shall run.
    system.root(&format!("systemctl stop {UNIT}"));
    until(true, || system.pid("web") != 0);

    system.write("web/service.txt", "2");
    let _ = system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(0);
    system.root("systemctl -q is-active plimsoll-tiny.production.web-2.service && ! systemctl -q is-active plimsoll-tiny.production.web-1.service");
    let log = system.root("cat /var/lib/private/plimsoll-tiny.production.web/log");
    assert_eq!(log.lines().count(), 4, "what it keeps outlives its releases: {log}");

    let _ = system.run("down", &["--yes"], &[]).ended(0);
    assert_eq!(system.root("systemctl list-units --all --plain --no-legend 'plimsoll-*'"), "");
}
