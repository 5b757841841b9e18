//! Three machines at once: all of them change, or none.

use crate::ask::until;
use crate::crew::Crew;
use crate::project::Project;
use crate::shop::Store;

const HOSTS: [&str; 3] = ["h1", "h2", "h3"];

#[test]
fn a_shop_is_deployed_rolled_back_and_spared_on_all_hosts() {
    let crew = Crew::new(&HOSTS);
    let shop = Store::new(&crew, &HOSTS);
    shop.set_version("v1");
    let planned = shop.run("plan", &[]).ended(0);
    let deployed = shop.run("deploy", &["--plan", planned.detail("/plan/hash").as_str().expect("a plan has a hash")]).ended(0);
    assert_eq!(deployed.detail("/deployment/outcome"), "committed");
    shop.assert_serves("v1");
    let traffic = shop.traffic();

    shop.set_version("v2");
    let _ = shop.run("deploy", &[]).ended(0);
    shop.assert_serves("v2");
    let _ = shop.run("rollback", &["--last"]).ended(0);
    shop.assert_serves("v1");
    shop.spoil();
    let failed = shop.run("deploy", &[]).ended(1);
    assert_eq!(failed.detail("/deployment/outcome"), "rolled_back", "{}", failed.stdout);
    shop.assert_serves("v1");
    let status = shop.run("status", &[]).ended(0);
    assert_eq!(status.detail("/healthy"), true, "{}", status.stdout);
    assert_eq!(status.detail("/components/1/slots").as_array().map(Vec::len), Some(3), "{}", status.stdout);
    traffic.assert_unharmed();
}

#[test]
fn the_operator_may_be_killed_at_any_time() {
    let project = Project::new(Crew::new(&HOSTS), &HOSTS);
    let _ = project.run("deploy", &[]).ended(0);
    let traffic = project.traffic(&HOSTS);
    for (phase, version) in [("prepare", "2"), ("switch", "3"), ("verify", "4")] {
        project.service(version);
        project.lease("2s");
        let mut deploying = project.begin("deploy");
        deploying.until_phase(phase);
        deploying.kill();
        project.lease("30s");
        // Each host settles it alone when the lease has run out, unless all was decided in that very moment.
        until(serde_json::Value::Null, || project.run("status", &[]).ended(0).detail("/open"));
        project.assert_at_rest();
        let serving = if project.outcomes()[0] == "committed" { version } else { "1" };
        project.assert_serves(serving);
        project.service("1");
        let _ = project.run("deploy", &[]).ended(0);
        project.assert_serves("1");
    }
    traffic.assert_unharmed();
}
