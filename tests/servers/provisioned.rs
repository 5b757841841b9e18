//! Machines that are set up as wholes, by `host provision`. There are three of them; tests take turns.

use std::fs::File;

use plimsoll_testkit::fixtures::Ran;

use crate::crew::{Crew, as_root};

/// The machines.
pub const FLEET: [&str; 3] = ["h5", "h6", "h7"];

/// How the machines are set up: with ports for the tests, and without what has to be fetched from somewhere.
const WISHES: [&str; 17] = [
    "--without=updates",
    "--port=8000",
    "--port=8001",
    "--port=8002",
    "--port=8003",
    "--port=8004",
    "--port=8005",
    "--port=8006",
    "--port=8007",
    "--port=8008",
    "--port=8009",
    "--port=8010",
    "--port=8011",
    "--port=8012",
    "--port=8013",
    "--port=8014",
    "--port=8015",
];

/// The turn of a test.
pub struct Turn {
    #[expect(dead_code, reason = "held for its lock")]
    file: File,
}

impl Turn {
    /// Waits for it.
    pub fn take() -> Self {
        let file = File::create(std::env::temp_dir().join("plimsoll-test-fleet.lock")).expect("the temporary folder takes a file");
        file.lock().expect("a file can be locked");
        Self { file }
    }
}

/// The crew that deploys to the whole fleet, all of which has this very program.
pub fn fleet(_: &Turn) -> Crew {
    let crew = Crew::of("deploy", &FLEET);
    // A test that was ended has had no time for that.
    FLEET.iter().for_each(|host| heal(host));
    let theirs = "/etc/ssh/sshd_config.d/50-theirs.conf /etc/systemd/system/ssh.service.d";
    let undo = format!("rm -r {theirs} 2>/dev/null && systemctl daemon-reload && systemctl reload ssh || true");
    FLEET.iter().for_each(|host| drop(as_root(host, &undo)));
    std::thread::scope(|scope| {
        let setting_up: Vec<_> = FLEET.iter().map(|host| scope.spawn(|| set_up(&crew, host).ended(0))).collect();
        setting_up.into_iter().for_each(|one| drop(one.join().expect("it is set up")));
    });
    crew
}

/// Cuts a machine off: SSH alone, so that requests still show whether it serves.
pub fn cut(host: &str) {
    as_root(host, "iptables -I INPUT -i eth0 -p tcp --dport 22 -j DROP; iptables -I OUTPUT -o eth0 -p tcp --sport 22 -j DROP");
}

/// Lets it be reached again.
pub fn heal(host: &str) {
    let undo = |rule: &str| format!("while iptables -D {rule} -j DROP 2>/dev/null; do :; done");
    as_root(host, &format!("{}; {}", undo("INPUT -i eth0 -p tcp --dport 22"), undo("OUTPUT -o eth0 -p tcp --sport 22")));
}

/// Sets a machine up, as whoever may.
pub fn set_up(crew: &Crew, host: &str) -> Ran {
    let by = if is_provisioned(host) { "admin" } else { "root" };
    let login = format!("{by}@{host}");
    crew.run(["host", "provision", &login, "--yes"].into_iter().chain(WISHES))
}

/// Makes a machine what it was, if it was set up.
pub fn strip(crew: &Crew, host: &str) {
    if is_provisioned(host) {
        let _ = crew.run(["host", "remove", &format!("admin@{host}"), "--yes"]).ended(0);
    }
}

fn is_provisioned(host: &str) -> bool {
    as_root(host, "test -e /etc/sudoers.d/plimsoll-admin && echo yes || true").contains("yes")
}
