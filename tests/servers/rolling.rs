//! Components that go to some of the hosts, and from host to host.

use serde_json::json;

use crate::crew::{Crew, as_root};
use crate::shop::Store;

const HOSTS: [&str; 3] = ["h1", "h2", "h3"];

/// What only the worker may know.
const TOKEN: (&str, &str) = ("TOKEN", "correct-horse-battery");

/// A worker that is only on some hosts.
const WORKER: &str = r#"[components.worker]
path = "admin"
run = "exec sleep 100000"
secrets = ["TOKEN"]
on = "worker"

"#;

/// The shop with labels on its second and third host, a worker, and a rolling backend.
fn shop<'a>(crew: &'a Crew) -> Store<'a> {
    let (shop, logins) = (Store::new(crew, &HOSTS), crew.logins());
    for (login, label) in logins[1..].iter().zip(["worker", "spare"]) {
        shop.change(&format!("{login:?}"), &format!("{{ host = {login:?}, labels = [{label:?}] }}"));
    }
    shop.change("[environments.production]", &format!("{WORKER}[environments.production]"));
    shop.change("run = \"./backend\"", "strategy = \"rolling\"\nrun = \"./backend\"");
    shop
}

#[test]
fn a_worker_goes_where_its_label_is_and_a_rolling_backend_from_host_to_host() {
    let crew = Crew::new(&HOSTS);
    let (shop, logins) = (shop(&crew), crew.logins());
    let run = |command: &str, more: &[&str]| shop.run_with(command, more, &[TOKEN]);
    let assert_worker_is_on = |host: usize| {
        let status = run("status", &[]).ended(0);
        assert_eq!((status.detail("/healthy"), status.detail("/components/3/hosts")), (json!(true), json!([logins[host]])), "{}", status.stdout);
    };
    let who_knows = || HOSTS.map(|host| as_root(host, &format!("grep -rlF {} /home/{} | wc -l", TOKEN.1, crew.name())).trim() != "0");

    shop.set_version("v1");
    let planned = run("plan", &[]).ended(0);
    let each: Vec<[&String; 1]> = logins.iter().map(|login| [login]).collect();
    assert_eq!(planned.detail("/plan/batches"), json!({ "backend": each }), "{}", planned.stdout);
    let _ = run("deploy", &[]).ended(0);
    shop.assert_serves("v1");
    assert_worker_is_on(1);
    assert_eq!(who_knows(), [false, true, false]);
    let traffic = shop.traffic();

    shop.set_version("v2");
    let _ = run("deploy", &[]).ended(0);
    shop.assert_serves("v2");

    // Good on the first host, and not on the second: all of it goes back.
    shop.set_version("v3");
    shop.change("run = \"./backend\"", "run = \"test $(uname -n) != h2 && exec ./backend\"");
    let mut deploying = shop.begin_with("deploy", &[TOKEN]);
    for (host, phase, what) in [(0, "verify", "done"), (1, "prepare", "failed"), (0, "switch", "undone")] {
        deploying.until(&[("/host", &logins[host]), ("/step/component", "backend"), ("/step/phase", phase), ("/what/what", what)]);
    }
    let failed = deploying.finish().ended(1);
    assert_eq!(failed.detail("/deployment/outcome"), "rolled_back", "{}", failed.stdout);
    shop.assert_serves("v2");
    shop.change("test $(uname -n) != h2 && exec ./backend", "./backend");
    shop.set_version("v2");

    shop.change("on = \"worker\"", "on = \"spare\"");
    let moved = run("deploy", &[]).ended(0);
    assert_eq!(moved.detail("/deployment/outcome"), "committed");
    assert_worker_is_on(2);
    let _ = run("rollback", &["--last"]).ended(0);
    assert_worker_is_on(1);
    traffic.assert_unharmed();
}
