//! The network between operator and host is cut midway.

use crate::ask::until;
use crate::crew::{Crew, as_root};
use crate::project::Project;

/// The host that may be disturbed; one test does.
const CUT: &str = "h4";

/// Lets the host be reached again, however the test ends.
struct Cut;

impl Cut {
    fn begin() -> Self {
        as_root(CUT, "iptables -I INPUT -i eth0 -p tcp --dport 22 -j DROP; iptables -I OUTPUT -o eth0 -p tcp --sport 22 -j DROP");
        Self
    }
}

impl Drop for Cut {
    fn drop(&mut self) {
        as_root(CUT, "iptables -D INPUT -i eth0 -p tcp --dport 22 -j DROP; iptables -D OUTPUT -o eth0 -p tcp --sport 22 -j DROP");
    }
}

#[test]
fn a_host_that_is_cut_off_midway_spoils_nothing() {
    let hosts = ["h1", CUT];
    let project = Project::new(Crew::new(&hosts), &hosts);
    let _ = project.run("deploy", &[]).ended(0);
    let traffic = project.traffic(&hosts);

    // For good, as far as this command can tell. The hosts do not wait for it.
    project.service("2");
    project.lease("3s");
    let mut deploying = project.begin("deploy");
    deploying.until_phase("prepare");
    let cut = Cut::begin();
    let ended = deploying.finish();
    assert!(matches!(ended.code, Some(1 | 4 | 6)), "{}\n{}", ended.stdout, ended.stderr);
    project.assert_serves("1");
    let told = project.run("status", &[]).ended(0);
    assert_eq!((told.detail("/healthy"), told.detail("/hosts/1/trouble/code")), (false.into(), "ssh-timeout".into()), "{}", told.stdout);
    drop(cut);

    // Seen again, it is as the others are, and nobody has to unlock anything.
    project.lease("30s");
    until(serde_json::Value::Null, || project.run("status", &[]).ended(0).detail("/open"));
    project.assert_at_rest();
    let _ = project.run("deploy", &[]).ended(0);
    project.assert_serves("2");
    project.assert_at_rest();
    traffic.assert_unharmed();
}
