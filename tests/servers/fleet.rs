//! Three machines at once: all of them change, or none.

use serde_json::json;

use crate::ask::until;
use crate::crew::{Crew, as_root};
use crate::project::Project;
use crate::store::Store;

const HOSTS: [&str; 3] = ["h1", "h2", "h3"];

#[test]
fn a_shop_is_deployed_rolled_back_and_spared_on_all_hosts() {
    let store = Store::new(&HOSTS, |logins| format!("{logins:?}"));
    let run = |args: &[&str]| store.run(args, &[]);

    store.shop.set_version("v1");
    let planned = run(&["plan", "production"]).ended(0);
    let deployed = run(&["deploy", "production", "--plan", planned.detail("/plan/hash").as_str().expect("a plan has a hash")]).ended(0);
    assert_eq!(deployed.detail("/deployment/outcome"), "committed");
    store.assert_serves("v1");
    let traffic = store.traffic();

    store.shop.set_version("v2");
    let _ = run(&["deploy", "production"]).ended(0);
    store.assert_serves("v2");
    let _ = run(&["rollback", "production", "--last"]).ended(0);
    store.assert_serves("v1");
    store.shop.edit("plimsoll.toml", "run = \"./backend\"", "run = \"exit 3\"");
    let failed = run(&["deploy", "production"]).ended(1);
    assert_eq!(failed.detail("/deployment/outcome"), "rolled_back", "{}", failed.stdout);
    store.assert_serves("v1");
    let status = run(&["status", "production"]).ended(0);
    assert_eq!(status.detail("/healthy"), true, "{}", status.stdout);
    assert_eq!(status.detail("/components/1/slots").as_array().map(Vec::len), Some(3), "{}", status.stdout);
    traffic.assert_unharmed();
}

/// What only the worker may know.
const TOKEN: (&str, &str) = ("TOKEN", "correct-horse-battery");

#[test]
fn a_worker_goes_where_its_label_is_and_a_rolling_backend_from_host_to_host() {
    let store = Store::new(&HOSTS, |logins| {
        let [first, second, third] = logins else { panic!("there are three hosts") };
        format!("[{first:?}, {{ host = {second:?}, labels = [\"worker\"] }}, {{ host = {third:?}, labels = [\"spare\"] }}]")
    });
    let logins = store.crew.logins();
    let run = |args: &[&str]| store.run(args, &[TOKEN]);
    let worker = "[components.worker]\npath = \"admin\"\nrun = \"exec sleep 100000\"\nsecrets = [\"TOKEN\"]\non = \"worker\"\n\n";
    store.shop.edit("plimsoll.toml", "[environments.production]", &format!("{worker}[environments.production]"));
    store.shop.edit("plimsoll.toml", "run = \"./backend\"", "strategy = \"rolling\"\nrun = \"./backend\"");
    let worker_is_on = |host: usize| {
        let status = run(&["status", "production"]).ended(0);
        assert_eq!((status.detail("/healthy"), status.detail("/components/3/hosts")), (json!(true), json!([logins[host]])), "{}", status.stdout);
    };
    let who_knows = || HOSTS.map(|host| as_root(host, &format!("grep -rlF {} /home/{} | wc -l", TOKEN.1, store.crew.name())).trim() != "0");

    store.shop.set_version("v1");
    let planned = run(&["plan", "production"]).ended(0);
    let each: Vec<[&String; 1]> = logins.iter().map(|login| [login]).collect();
    assert_eq!(planned.detail("/plan/batches"), json!({ "backend": each }), "{}", planned.stdout);
    let _ = run(&["deploy", "production"]).ended(0);
    store.assert_serves("v1");
    worker_is_on(1);
    assert_eq!(who_knows(), [false, true, false]);
    let traffic = store.traffic();

    store.shop.set_version("v2");
    let _ = run(&["deploy", "production"]).ended(0);
    store.assert_serves("v2");

    // Good on the first host, and not on the second: all of it goes back.
    store.shop.set_version("v3");
    store.shop.edit("plimsoll.toml", "run = \"./backend\"", "run = \"test $(uname -n) != h2 && exec ./backend\"");
    let mut deploying = store.begin_deploy(&[TOKEN]);
    for (host, phase, what) in [(0, "verify", "done"), (1, "prepare", "failed"), (0, "switch", "undone")] {
        deploying.until(&[("/host", &logins[host]), ("/step/component", "backend"), ("/step/phase", phase), ("/what/what", what)]);
    }
    let failed = deploying.finish().ended(1);
    assert_eq!(failed.detail("/deployment/outcome"), "rolled_back", "{}", failed.stdout);
    store.assert_serves("v2");
    store.shop.edit("plimsoll.toml", "test $(uname -n) != h2 && exec ./backend", "./backend");
    store.shop.set_version("v2");

    store.shop.edit("plimsoll.toml", "on = \"worker\"", "on = \"spare\"");
    let moved = run(&["deploy", "production"]).ended(0);
    assert_eq!(moved.detail("/deployment/outcome"), "committed");
    worker_is_on(2);
    let _ = run(&["rollback", "production", "--last"]).ended(0);
    worker_is_on(1);
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
