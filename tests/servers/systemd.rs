//! Slots as units of systemd, on a host where the daemon is root.

use crate::ask::until;
use crate::system::System;

const MANIFEST: &str = r#"
[components.web]
path = "web"
run = "echo started >> $STATE_DIRECTORY/log; echo seen >> uploads/log; exec ./service ."
health = { path = "/health", interval = "50ms" }
env = { MOTTO = "50% of $PATH\nand \"more\"" }
secrets = ["TOKEN"]
limits = { open_files = 512 }
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
    // Another slot of that name, from before the host was made anew: what it wrote is still there, and its secrets are not known.
    let fields = ["PROJECT=tiny", "ENVIRONMENT=production", "COMPONENT=web", "SLOT=web-1", "CONFIG=other"];
    let fields: String = fields.iter().map(|field| format!(" -p LogExtraFields=PLIMSOLL_{field}")).collect();
    system.root(&format!("systemd-run -q --wait --collect --unit {UNIT}{fields} echo planted before; journalctl --sync"));
    system.root("journalctl -q -o cat PLIMSOLL_CONFIG=other PLIMSOLL_SLOT=web-1 | grep -q 'planted before'");
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
    assert!(environ.contains("\u{1}MOTTO=50% of $PATH\nand \"more\"\u{1}") && environ.contains("\u{1}PORT="), "{environ}");
    assert!(system.root(&format!("grep 'Max open files' /proc/{web}/limits")).contains(" 512 "));
    for shown in [format!("systemctl show {UNIT}"), "ps axww -o args".into(), format!("cat /run/systemd/transient/{UNIT}")] {
        let text = system.root(&shown);
        assert!(!text.contains("planted") && text.contains("service"), "{shown}: {text}");
    }
    let logs = system.run("logs", &[], &[]).ended(0);
    let lines = logs.detail("/lines").to_string();
    assert!(lines.contains("TOKEN is ***") && lines.contains("version 1 starts") && !lines.contains("planted"), "{lines}");

    // The folders of the host are root's, and another slot does not even see what is in them.
    let uid = fact(other, "Uid");
    let listed = |from: &str, path: &str| {
        let lists = format!("{from} setpriv --reuid {uid} --regid {uid} --clear-groups ls {path} >/dev/null 2>&1 && echo listed || echo refused");
        system.root(&lists).trim().to_owned()
    };
    let inside = format!("nsenter -t {other} -m");
    assert_eq!((listed(&inside, &system.state("releases/other")), listed("", "/")), ("listed".into(), "listed".into()));
    let kept = "/var/lib/private/plimsoll-tiny.production.web/log".to_owned();
    for path in [system.state("logs/web-1.secrets"), system.state("secrets"), system.state("releases/web"), kept] {
        system.root(&format!("test -e {path}"));
        assert_eq!((listed(&inside, &path), listed("", &path)), ("refused".into(), "refused".into()), "{path}");
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

    let log = || system.root("cat /var/lib/private/plimsoll-tiny.production.web/log").lines().count();
    system.root(&format!("kill -9 {first}"));
    until(2, log);
    assert_ne!(system.pid("web"), first);
    let status = system.run("status", &[], &[]).ended(0).detail("/components").to_string();
    assert!(status.contains("\"restarts\":1"), "{status}");

    // Units are read anew whenever a package is installed.
    let now = system.pid("web");
    system.root("systemctl daemon-reload");
    assert_eq!(system.root(&format!("systemctl show --property LoadState --value {UNIT}")).trim(), "loaded");
    assert_eq!(system.pid("web"), now);
    system.root(&format!("kill -9 {now}"));
    until(3, log);
    assert_eq!(system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(0).detail("/deployment/outcome"), "unchanged");

    // What someone stops by hand, the daemon starts again: the ledger says that it shall run.
    system.root(&format!("systemctl stop {UNIT}"));
    until(4, log);

    system.write("web/service.txt", "2");
    let _ = system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(0);
    system.root("systemctl -q is-active plimsoll-tiny.production.web-2.service && ! systemctl -q is-active plimsoll-tiny.production.web-1.service");
    assert_eq!(log(), 5, "what it keeps outlives its releases");
    assert_eq!(system.root(&format!("cat {}", system.state("shared/web/uploads/log"))).lines().count(), 5);
    let logs = system.run("logs", &["web"], &[]).ended(0).detail("/lines").to_string();
    assert!(logs.contains("\"web-1\"") && logs.contains("\"web-2\"") && logs.contains("version 2 starts"), "old slots are heard as well: {logs}");

    let _ = system.run("down", &["--yes"], &[]).ended(0);
    assert_eq!(system.root("systemctl list-units --all --plain --no-legend 'plimsoll-*'"), "");
}

#[test]
fn what_cannot_be_run_is_told_and_taken_back() {
    let system = deployed("1");
    let deploy = |expect: i32, code: &str| {
        let failed = system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(expect);
        assert_eq!(failed.document()["code"], code, "{}", failed.stdout);
        failed
    };
    system.write("web/service.txt", "2 exits prints=TOKEN");
    let failed = deploy(1, "slot-exited");
    assert!(failed.stdout.contains("exit code 3") && failed.stdout.contains("version 2 cannot go on"), "{}", failed.stdout);
    assert!(failed.stdout.contains("TOKEN is ***") && !failed.stdout.contains("planted"), "{}", failed.stdout);

    let manifest = system.manifest();
    for (user, code, exit) in [("root", "user-not-allowed", 1), ("nobody-of-that-name", "user-not-allowed", 1)] {
        system.write("plimsoll.toml", &manifest.replace("path = \"web\"", &format!("path = \"web\"\nuser = \"{user}\"")));
        let failed = deploy(exit, code);
        assert!(failed.stdout.contains(user) || failed.stdout.contains("no such user"), "{}", failed.stdout);
    }
    assert_ne!(system.pid("web"), 0, "what served before serves on");

    system.write("web/service.txt", "3");
    system.write("plimsoll.toml", &manifest.replace("path = \"web\"", "path = \"web\"\nuser = \"games\""));
    deploy(0, "deployed");
    assert_eq!(system.root(&format!("stat -c %U /proc/{}", system.pid("web"))), "games\n");
    let kept = system.root(&format!("stat -c %U /var/lib/plimsoll-tiny.production.web/log {}", system.state("shared/web/uploads/log")));
    assert_eq!(kept, "games\ngames\n", "what is kept goes with the component");
}

#[test]
fn a_slot_that_is_just_being_stopped_is_waited_for() {
    let system = System::new(MANIFEST, &[("web", "1 stops-slowly"), ("other", "1")]);
    let _ = system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(0);
    let first = system.pid("web");
    system.kill_daemon();
    system.root(&format!("systemctl stop --no-block {UNIT}"));
    system.serve();
    let second = system.pid("web");
    assert!(second != first && second != 0, "{second} instead of {first}");
    system.root(&format!("test ! -d /proc/{first}"));
}

#[test]
fn lines_are_followed_from_one_slot_to_the_next() {
    let system = deployed("1 prints=TOKEN");
    let mut follows = system.begin("logs", &["web", "--follow", "--events"]);
    follows.until(&[("/slot", "web-1"), ("/text", "version 1 starts")]);
    system.write("web/service.txt", "2 prints=TOKEN");
    let _ = system.run("deploy", &[], &[("TOKEN", TOKEN)]).ended(0);
    follows.until(&[("/slot", "web-2"), ("/text", "TOKEN is ***")]);
    follows.until(&[("/slot", "web-2"), ("/text", "***")]);
    follows.kill();
}
