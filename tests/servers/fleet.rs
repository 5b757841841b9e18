//! Three machines at once: all of them change, or none.

use plimsoll_testkit::fixtures::Shop;
use plimsoll_testkit::probe::Target;

use crate::ask::{get, until};
use crate::crew::{Crew, address, port};
use crate::project::{Project, Traffic};

const HOSTS: [&str; 3] = ["h1", "h2", "h3"];

#[test]
fn a_shop_is_deployed_rolled_back_and_spared_on_all_hosts() {
    let crew = Crew::new(&HOSTS);
    let shop = Shop::new();
    let ports = [port(), port(), port()];
    for (own, let_through) in [shop.backend, shop.admin, shop.website].into_iter().zip(ports) {
        shop.edit("plimsoll.toml", &format!("port = {own}"), &format!("port = {let_through}"));
    }
    let manifest = shop.read("plimsoll.toml");
    let production = format!("\n[environments.production]\nhosts = {:?}\nconfirm = false\nwork_tree = true\n", crew.logins());
    shop.write("plimsoll.toml", &(manifest + &production));
    let folder = shop.folder().to_string_lossy().into_owned();
    let run = |args: &[&str]| crew.run(["-C", &folder].into_iter().chain(args.iter().copied()));
    let backend = |host: &str| format!("http://{}:{}/version", address(host), ports[0]);
    let serves = |version: &str| HOSTS.iter().for_each(|host| assert!(get(&backend(host)).contains(version), "{host}: {}", get(&backend(host))));

    shop.set_version("v1");
    let planned = run(&["plan", "production"]).ended(0);
    let deployed = run(&["deploy", "production", "--plan", planned.detail("/plan/hash").as_str().expect("a plan has a hash")]).ended(0);
    assert_eq!(deployed.detail("/deployment/outcome"), "committed");
    serves("v1");
    let sites = HOSTS.iter().flat_map(|host| ports[1..].iter().map(move |port| format!("http://{}:{port}/", address(host))));
    let mut targets: Vec<Target> = sites.map(|url| Target::get(&url, &url).contains("<html")).collect();
    targets.extend(HOSTS.iter().map(|host| Target::get(*host, &backend(host)).contains("v").fresh()));
    let traffic = Traffic::at(targets);

    shop.set_version("v2");
    let _ = run(&["deploy", "production"]).ended(0);
    serves("v2");
    let _ = run(&["rollback", "production", "--last"]).ended(0);
    serves("v1");
    shop.edit("plimsoll.toml", "run = \"./backend\"", "run = \"exit 3\"");
    let failed = run(&["deploy", "production"]).ended(1);
    assert_eq!(failed.detail("/deployment/outcome"), "rolled_back", "{}", failed.stdout);
    serves("v1");
    let status = run(&["status", "production"]).ended(0);
    assert_eq!(status.detail("/healthy"), true, "{}", status.stdout);
    let lines = run(&["logs", "production", "--since", "1h"]).ended(0).detail("/lines");
    let lines = lines.as_array().expect("lines are a list");
    let of = |name: &str| lines.iter().map(|line| line[name].as_str().unwrap_or_default()).collect::<Vec<_>>();
    assert!(of("at").is_sorted() && HOSTS.iter().all(|host| of("host").iter().any(|name| name.ends_with(host))), "{lines:?}");
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
