//! A tool of the project's own that migrates a database, where the daemon is root and programs are not.

use plimsoll_testkit::fixtures::Ran;

use crate::ask::until;
use crate::system::System;

const MANIFEST: &str = r#"
[components.web]
path = "web"
run = "exec ./service ."
health = { path = "/health", interval = "50ms" }
shared = ["data"]
secrets = ["KEY"]

[databases.main]
kind = "sqlite"
component = "web"
file = "data/web.db"
migrations = "web/migrations"
migrate = { up = "sh tool.sh up", down = "sh tool.sh down", status = "sh tool.sh status" }

[secrets]
commands = { KEY = "echo planted-key" }
"#;

/// Its database is a file with the name of the last migration.
const TOOL: &str = r#"
case $1 in
status) cat data/level 2>/dev/null || echo none ;;
up)
    test "$KEY" = planted-key && test -z "$PORT" || exit 4
    cat /etc/shadow && exit 5
    id -u >data/user
    while [ -e data/wait ]; do touch data/waiting; sleep 0.05; done
    if [ -e migrations/wrong ]; then echo "$KEY is of no use" >&2; exit 3; fi
    for name in migrations/*; do basename "$name"; done | tail -n 1 >data/level
    echo up >>data/runs ;;
down)
    echo "$PLIMSOLL_TARGET" >data/level
    echo down >>data/runs ;;
esac
"#;

fn deploy(system: &System) -> Ran {
    system.run("deploy", &[], &[])
}

/// A file of what the component shares.
fn read(system: &System, file: &str) -> String {
    system.root(&format!("cat {}", system.state(&format!("shared/web/data/{file}")))).trim().to_owned()
}

fn first() -> System {
    let system = System::new(MANIFEST, &[("web", "1")]);
    system.write("web/tool.sh", TOOL);
    system.write("web/migrations/1", "");
    let told = deploy(&system);
    assert_eq!((told.code, read(&system, "level").as_str()), (Some(0), "1"), "{told:?}");
    system
}

#[test]
fn a_tool_is_run_as_the_program_is_and_leads_back() {
    let system = first();
    let program = system.root(&format!("stat -c %u /proc/{}", system.pid("web"))).trim().to_owned();
    assert_eq!((read(&system, "user"), program == "0"), (program, false));
    system.write("web/migrations/2", "");
    assert_eq!(deploy(&system).ended(0).detail("/deployment/outcome"), "committed");
    assert_eq!(read(&system, "level"), "2");
    assert_eq!(system.run("rollback", &[], &[]).ended(0).detail("/deployment/outcome"), "committed");
    assert_eq!((read(&system, "level"), read(&system, "runs")), ("1".into(), "up\nup\ndown".into()));
    system.write("web/migrations/wrong", "");
    let told = deploy(&system).ended(1);
    assert_eq!((&told.document()["code"], &told.detail("/deployment/outcome")), (&"migration-tool".into(), &"rolled_back".into()), "{told:?}");
    assert!(
        told.stdout.contains("exit code 3") && told.stdout.contains("*** is of no use") && !told.stdout.contains("planted-key"),
        "{}",
        told.stdout
    );
    let logs = system.run("logs", &["main"], &[]).ended(0).stdout;
    assert!(logs.contains("*** is of no use") && logs.contains("\"component\":\"main\""), "{logs}");
    assert_eq!(system.root("systemctl list-units --all --plain --no-legend 'plimsoll-*.main-*'").trim(), "", "nothing of it is left");
}

#[test]
fn a_daemon_after_the_one_that_began_a_run_waits_for_it() {
    let system = first();
    let wait = system.state("shared/web/data/wait");
    system.write("web/migrations/2", "");
    system.root(&format!("touch {wait}"));
    let mut deploying = system.begin("deploy", &[]);
    until(true, || system.root(&format!("test -e {wait}ing && echo yes || true")).contains("yes"));
    deploying.kill();
    system.kill_daemon();
    system.serve();
    system.root(&format!("rm {wait}"));
    let settled = system.run("resume", &[], &[]).ended(0);
    assert_eq!(settled.detail("/deployment/outcome"), "rolled_back", "{settled:?}");
    assert_eq!((read(&system, "level"), read(&system, "runs")), ("1".into(), "up\nup\ndown".into()), "it ended by itself, and was taken back");
}
