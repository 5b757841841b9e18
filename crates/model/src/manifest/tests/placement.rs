//! Where components go, and how they are replaced there.

use super::super::project::StrategyName;
use super::super::read;
use super::{environment, lines, mistakes};
use crate::plan::MaxUnavailable;

/// The manifest with hosts `a` (web), `b` (web, worker) and `c`, where the component `job` has `keys`.
fn shop(keys: &str) -> String {
    format!(
        "name = \"shop\"\n[components.job]\nrun = \"x\"\n{keys}\n\
         [components.web]\nrun = \"x\"\nroute = {{ port = 4000 }}\non = [\"web\"]\n\
         [environments.live]\nhosts = [{{ host = \"a\", labels = [\"web\"] }}, {{ host = \"b\", labels = [\"web\", \"worker\"] }}, \"c\"]\n\
         [environments.dev]\nhosts = [{{ host = \"d\", labels = [\"web\"] }}]\ncomponents.job = {{ on = [] }}\n"
    )
}

#[test]
fn components_go_where_their_labels_are() {
    let check = |keys: &str, name: &str, expect: Option<&[&str]>| {
        let project = read(&shop(keys), "plimsoll.toml", &environment(name)).unwrap_or_else(|findings| panic!("{}", lines(findings)));
        let hosts = project.components[&"job".parse().unwrap()].hosts.clone();
        let hosts: Option<Vec<String>> = hosts.map(|hosts| hosts.into_iter().map(String::from).collect());
        assert_eq!(hosts, expect.map(|hosts| hosts.iter().map(|host| (*host).to_owned()).collect()), "{keys} in {name}");
    };
    check("", "live", None);
    check("on = []", "live", None);
    check("on = \"worker\"", "live", Some(&["b"]));
    check("on = [\"worker\", \"web\"]", "live", Some(&["a", "b"]));
    // One machine takes everything, and an environment may say where things go in it.
    check("on = \"worker\"", "local", None);
    check("on = \"worker\"", "dev", None);
    let live = read(&shop(""), "plimsoll.toml", &environment("live")).unwrap();
    let hosts: Vec<&str> = live.environment.hosts.iter().map(crate::HostName::as_str).collect();
    assert_eq!(hosts, ["a", "b", "c"]);
}

#[test]
fn components_that_never_meet_may_have_one_route() {
    let other = |on: &str| mistakes(&shop(&format!("route = {{ port = 4000 }}\non = \"{on}\"")));
    assert!(other("web").contains("route-conflict"), "{}", other("web"));
    let apart = shop("route = { port = 4000 }\non = \"worker\"").replace("[\"web\", \"worker\"]", "[\"worker\"]");
    // On this machine they would meet.
    let local = "[environments.local.components.job]\nroute = { port = 4001 }\n[environments.dev.components.job]\nroute = { port = 4001 }\non = []\n";
    assert_eq!(mistakes(&(apart.replace("components.job = { on = [] }\n", "") + local)), "");
}

#[test]
fn strange_labels_are_told() {
    insta::assert_snapshot!(mistakes(&shop("on = \"workr\"")), @"4:6+7 unknown-label: no host has the label `workr` | did you mean `worker`? the labels are `web`, `worker`");
    insta::assert_snapshot!(mistakes(&shop("on = [\"worker\", \"db\"]")), @"4:17+4 unknown-label: no host has the label `db` | the labels are `web`, `worker`");
    insta::assert_snapshot!(mistakes(&shop("on = [\"web\", \"worker\", \"web\"]")), @"4:24+5 duplicate-label: label `web` stands here twice | keep one of the two");
    insta::assert_snapshot!(mistakes(&shop("").replace("[\"web\", \"worker\"]", "[\"web\", \"web\"]")), @"10:75+5 duplicate-label: label `web` stands here twice | keep one of the two");
    insta::assert_snapshot!(mistakes(&shop("on = \"worker\"").replace("components.job = { on = [] }\n", "")), @r#"4:1+2 no-host: component `job` would be on no host of environment `dev` | give one of its hosts a label: `{ host = "deploy@a.shop.example", labels = ["worker"] }`, or write another `on` below `[environments.dev.components.job]`; `on = []` is all hosts"#);
    insta::assert_snapshot!(mistakes("name = \"x\"\ncomponents.web = { run = \"x\", on = \"web\" }"), @r#"2:36+5 unknown-label: no host has the label `web` | give a host the label: `hosts = [{ host = "deploy@a.shop.example", labels = ["web"] }]`"#);
    insta::assert_snapshot!(mistakes(&shop("on = 5")), @r#"4:6+1 wrong-type: expected a name (a string), or a list, each item a name (a string), found an integer | write `on = "worker"`"#);
    insta::assert_snapshot!(mistakes(&shop("").replace("host = \"a\"", "hots = \"a\"")), @"10:12+4 unknown-key: unknown key `hots` in `environments.live.hosts` | did you mean `host`? what may stand here: `host`, `labels`");
    insta::assert_snapshot!(mistakes(&shop("").replace("host = \"a\", ", "")), @r#"10:10+20 missing-key: `host` is missing in `environments.live.hosts` | write `host = "deploy@b.shop.example"`"#);
    insta::assert_snapshot!(mistakes(&shop("").replace("\"c\"]", "\"b\"]")), @"10:88+3 duplicate-host: host `b` stands here twice | keep one of the two");
}

#[test]
fn strategies_say_how_and_how_many_at_once() {
    let check = |keys: &str, expect: (StrategyName, Option<MaxUnavailable>)| {
        let text = format!("name = \"shop\"\n[components.web]\n{keys}\n");
        assert_eq!(mistakes(&text), "");
        let project = read(&text, "plimsoll.toml", &environment("local")).unwrap();
        let web = &project.components[&"web".parse().unwrap()];
        assert_eq!((web.strategy, web.rolling), expect, "{keys}");
    };
    let (hosts, percent) = (|count| Some(MaxUnavailable::Hosts(count)), |percent| Some(MaxUnavailable::Percent(percent)));
    check("run = \"x\"", (StrategyName::Recreate, None));
    check("run = \"x\"\nstrategy = \"blue-green\"", (StrategyName::BlueGreen, None));
    check("run = \"x\"\nroute = {}", (StrategyName::BlueGreen, None));
    check("run = \"x\"\nroute = {}\nstrategy = \"recreate\"", (StrategyName::Recreate, None));
    check("run = \"x\"\nstrategy = \"rolling\"", (StrategyName::Recreate, hosts(1)));
    check("run = \"x\"\nroute = {}\nstrategy = \"rolling\"\nmax_unavailable = 3", (StrategyName::BlueGreen, hosts(3)));
    check("site = \".\"\nroute = {}\nstrategy = \"rolling\"\nmax_unavailable = \"25%\"", (StrategyName::BlueGreen, percent(25)));
    check("run = \"x\"\nstrategy = \"rolling\"\nmax_unavailable = \"100%\"", (StrategyName::Recreate, percent(100)));
}

#[test]
fn strange_amounts_are_told() {
    let rolling =
        |amount: &str| mistakes(&format!("name = \"x\"\n[components.web]\nrun = \"x\"\nstrategy = \"rolling\"\nmax_unavailable = {amount}"));
    insta::assert_snapshot!(rolling("0"), @"5:19+1 bad-number: `0` is out of range | write a number from 1 to 1000");
    insta::assert_snapshot!(rolling("\"0%\""), @r#"5:19+4 bad-percentage: `0%` is not a percentage | write a whole number from 1 to 100 and '%', such as "25%""#);
    for strange in ["\"101%\"", "\"007%\"", "\"25\"", "\"-1%\"", "\"+5%\"", "\"2.5%\""] {
        assert!(rolling(strange).starts_with("5:19+") && rolling(strange).contains("bad-percentage"), "{}", rolling(strange));
    }
    insta::assert_snapshot!(mistakes("name = \"x\"\n[components.web]\nrun = \"x\"\nmax_unavailable = 2"), @r#"4:1+15 ?no-effect: `max_unavailable` has no effect where all hosts are replaced at once | remove it, or write `strategy = "rolling"`"#);
}
