//! What a good manifest means.

use super::super::project::{CertificateSource, Kind, Process, Project, StrategyName};
use super::super::{MAX_BYTES, environments, judge, read};
use super::{GOOD, environment, lines};
use crate::check::Question;

fn project(text: &str, name: &str) -> Project {
    read(text, "plimsoll.toml", &environment(name)).unwrap_or_else(|findings| panic!("{}", lines(findings)))
}

fn process<'p>(project: &'p Project, name: &str) -> &'p Process {
    match &project.components.iter().find(|(known, _)| known.as_str() == name).expect("it is there").1.kind {
        Kind::Process(process) => process,
        other => panic!("{name} is {other:?}"),
    }
}

#[test]
fn the_good_manifest_in_local() {
    assert_eq!(judge(GOOD, "plimsoll.toml"), []);
    insta::assert_json_snapshot!(project(GOOD, "local"), @r#"
    {
      "name": "shop",
      "version": "1.4.0",
      "environment": {
        "name": "local",
        "branch": null,
        "hosts": [
          "local"
        ],
        "lease_ms": 30000,
        "keep_releases": 5,
        "confirm": false,
        "work_tree": true,
        "safe_migrations": false,
        "policy": {
          "agents": "deploy"
        },
        "backups": {
          "before_migrations": false,
          "keep": 5,
          "every_ms": null,
          "max_age_ms": null
        }
      },
      "components": {
        "admin": {
          "path": "admin",
          "sources": [],
          "build": {
            "command": "npm ci && npm run build",
            "output": [
              "dist"
            ]
          },
          "test": null,
          "kind": {
            "kind": "site",
            "root": "dist"
          },
          "route": {
            "port": 8080,
            "host": "admin.shop.example",
            "path": "/",
            "strip_prefix": false,
            "public_status": false,
            "spa": true,
            "response_timeout_ms": 60000
          },
          "depends_on": [
            "backend"
          ],
          "shared": [],
          "strategy": "blue-green"
        },
        "backend": {
          "path": "backend",
          "sources": [
            "proto"
          ],
          "build": {
            "command": "cargo build --release",
            "output": [
              "target/release/backend"
            ]
          },
          "test": null,
          "kind": {
            "kind": "process",
            "run": "./backend",
            "health": {
              "question": {
                "ask": "http",
                "path": "/health"
              },
              "interval_ms": 1000,
              "timeout_ms": 5000
            },
            "env": {
              "FAST": "true",
              "LOG": "info",
              "WORKERS": "4"
            },
            "secrets": [
              "DATABASE_URL",
              "STRIPE_KEY"
            ],
            "user": null,
            "limits": {
              "memory_bytes": 512000000,
              "cpu_seconds": 2
            },
            "start_timeout_ms": 30000,
            "drain_timeout_ms": 10000
          },
          "route": {
            "port": 8080,
            "host": "api.shop.example",
            "path": "/v1",
            "strip_prefix": false,
            "public_status": false,
            "spa": false,
            "response_timeout_ms": 60000
          },
          "depends_on": [],
          "shared": [],
          "strategy": "blue-green"
        },
        "mailer": {
          "path": ".",
          "sources": [],
          "build": null,
          "test": null,
          "kind": {
            "kind": "process",
            "run": "./mailer",
            "health": {
              "question": {
                "ask": "stays_up",
                "for_ms": 1000
              },
              "interval_ms": 2000,
              "timeout_ms": 5000
            },
            "env": {},
            "secrets": [],
            "user": null,
            "limits": {},
            "start_timeout_ms": 30000,
            "drain_timeout_ms": 10000
          },
          "route": null,
          "depends_on": [],
          "shared": [],
          "strategy": "recreate"
        }
      },
      "hooks": {
        "before_build": "./check.sh",
        "before_switch": null,
        "after_commit": null,
        "after_rollback": null
      },
      "secrets": {
        "recipients": [],
        "commands": {},
        "command": null
      }
    }
    "#);
}

#[test]
fn an_environment_lays_its_overrides_over_the_components() {
    let production = project(GOOD, "production");
    let backend = process(&production, "backend");
    let env: Vec<String> = backend.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(env, ["FAST=true", "LOG=warn", "REGION=us", "WORKERS=4"]);
    assert_eq!(process(&production, "mailer").env.len(), 2);
    assert_eq!((backend.start_timeout_ms, backend.drain_timeout_ms), (30_000, 60_000));
    let routes: Vec<String> = production.components.values().filter_map(|c| c.route.as_ref()).map(|r| format!("{:?}", r.matches)).collect();
    assert_eq!(routes, [r#"Match { port: 80, host: Some("admin.shop.example"), path: "/" }"#, r#"Match { port: 8443, host: None, path: "/" }"#]);
    let environment = production.environment;
    assert_eq!((environment.confirm, environment.work_tree, environment.hosts.len()), (true, false, 2));
}

#[test]
fn the_port_of_people_is_80_on_hosts_and_8080_here() {
    let port = |name: &str| project(GOOD, name).components.values().filter_map(|c| c.route.as_ref()).map(|route| route.matches.port).max();
    assert_eq!((port("local"), port("dev"), port("production")), (Some(8080), Some(8080), Some(8443)));
}

#[test]
fn health_and_strategy_follow_the_route() {
    let table: &[(&str, Question, StrategyName)] = &[
        ("", Question::StaysUp { for_ms: 1_000 }, StrategyName::Recreate),
        ("route = {}", Question::Connect, StrategyName::BlueGreen),
        ("route = {}\nstrategy = \"recreate\"", Question::Connect, StrategyName::Recreate),
        ("strategy = \"blue-green\"", Question::StaysUp { for_ms: 1_000 }, StrategyName::BlueGreen),
        ("health = \"/up?x=1\"", Question::Http { path: "/up?x=1".into() }, StrategyName::Recreate),
        ("health = { path = \"/up\" }", Question::Http { path: "/up".into() }, StrategyName::Recreate),
        ("health = { connect = true }", Question::Connect, StrategyName::Recreate),
        ("health = { stays_up = \"3s\" }\nroute = {}", Question::StaysUp { for_ms: 3_000 }, StrategyName::BlueGreen),
        ("health = { connect = false, timeout = \"9s\" }\nroute = {}", Question::Connect, StrategyName::BlueGreen),
    ];
    for (keys, question, strategy) in table {
        let project = project(&format!("name = \"shop\"\n[components.web]\nrun = \"x\"\n{keys}"), "local");
        assert_eq!(&process(&project, "web").health.question, question, "{keys}");
        assert_eq!(project.components.values().next().map(|web| web.strategy), Some(*strategy), "{keys}");
    }
}

#[test]
fn local_is_always_there() {
    let names = |text: &str| environments(text).into_iter().map(String::from).collect::<Vec<_>>();
    assert_eq!(names(GOOD), ["dev", "local", "production"]);
    assert_eq!(names("name = "), ["local"]);
    let local = project("name = \"shop\"\ncomponents.web.run = \"x\"\nenvironments.local.branch = \"main\"", "local").environment;
    assert_eq!((local.hosts[0].as_str(), local.work_tree, local.confirm), ("local", false, false));
}

#[test]
fn an_unknown_environment_is_told_with_those_there_are() {
    let findings = read(GOOD, "plimsoll.toml", &environment("prodution")).expect_err("it is unknown");
    insta::assert_snapshot!(lines(findings), @"- unknown-environment: there is no environment `prodution` in the manifest | did you mean `production`? there are `dev`, `production`, `local`");
}

#[test]
fn a_huge_manifest_is_refused() {
    let huge = format!("{GOOD}{}", "#".repeat(MAX_BYTES - GOOD.len()));
    assert_eq!(judge(&huge, "plimsoll.toml"), []);
    let codes: Vec<String> = judge(&(huge + "#"), "plimsoll.toml").into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["manifest-too-large"]);
}

#[test]
fn a_long_chain_of_dependencies_is_no_danger() {
    let link = |n: usize| format!("[components.c{n}]\nrun = \"x\"\ndepends_on = [\"c{}\"]\n", n + 1);
    let chain: String = (0..2_000).map(link).collect();
    let text = format!("name = \"shop\"\n{chain}[components.c2000]\nrun = \"x\"\n");
    assert_eq!(project(&text, "local").components.len(), 2_001);
}

#[test]
fn an_environment_says_where_its_secrets_come_from() {
    let key = "age1p9mv6fnehshhscumphd7jvaze4cr8emm66cpkvgw3ve7cc6lffxsmz5fra";
    let text = format!(
        "name = \"x\"\ncomponents.web = {{ run = \"x\", secrets = [\"A\", \"B\"] }}\n\
         secrets = {{ recipients = [\"{key} ada\", \"{key_of_kim}\"], commands = {{ A = \"a\", B = \"b\" }}, command = \"any\" }}\n\
         environments.dev = {{ hosts = [\"local\"], secrets = {{ recipients = [\"{key}\"], commands = {{ B = \"other\" }} }} }}\n",
        key_of_kim = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILsBsh9SaLXNCDRLV02j/hm1VSg19LVKkl7xL1qMZ/dF",
    );
    let told = |name: &str| {
        let secrets = project(&text, name).secrets;
        let commands: Vec<String> = secrets.commands.iter().map(|(name, command)| format!("{name}={command}")).collect();
        (secrets.recipients.len(), commands.join(" "), secrets.command)
    };
    assert_eq!(told("local"), (2, "A=a B=b".into(), Some("any".into())));
    assert_eq!(told("dev"), (1, "A=a B=other".into(), Some("any".into())));
}

#[test]
fn certificates_and_what_they_mean_for_ports() {
    let text = r#"name = "shop"
components.web = { run = "x", route = { host = "shop.example" } }
components.api = { run = "x", route = { host = "api.example", port = 9443, tls = { certificate = "own.pem", key = "own.key", redirect_from = false, hsts = "0s" } } }
components.job = { run = "x" }
[environments.live]
hosts = ["a@b.example"]
tls = { certificate = "all.pem", key = { secret = "TLS_KEY" } }
[environments.issued]
hosts = ["a@b.example"]
tls = { acme = "ops@shop.example" }
[environments.own]
hosts = ["a@b.example"]
tls = { acme = { contact = "ops@shop.example", directory = "https://ca.example/dir", root = "ca.pem" }, redirect_from = 81 }
[environments.here]
hosts = ["local"]
tls = { certificate = "all.pem", key = "all.key", redirect_from = 8000, hsts = "1d" }
"#;
    let check = |name: &str, component: &str, expect: &str| {
        let project = project(text, name);
        let component = project.components.iter().find(|(known, _)| known.as_str() == component).expect("it is there").1;
        let port = component.route.as_ref().map(|route| route.matches.port);
        let tls = component.tls.as_ref().map(|tls| match &tls.source {
            CertificateSource::Files(files) => (files.certificate.clone(), files.key.to_string(), tls.redirect_from, tls.hsts_s),
            CertificateSource::Acme(acme) => (acme.directory.clone(), format!("{} {:?}", acme.contact, acme.root), tls.redirect_from, tls.hsts_s),
        });
        assert_eq!(format!("{port:?} {tls:?}"), expect, "{name}");
    };
    check("local", "web", "Some(8080) None");
    check("live", "web", r#"Some(443) Some(("all.pem", "secret TLS_KEY", Some(80), 15552000))"#);
    check("here", "web", r#"Some(8443) Some(("all.pem", "all.key", Some(8000), 86400))"#);
    check("live", "api", r#"Some(9443) Some(("own.pem", "own.key", None, 0))"#);
    check("live", "job", "None None");
    let most = "https://acme-v02.api.letsencrypt.org/directory";
    check("issued", "web", &format!(r#"Some(443) Some(("{most}", "ops@shop.example None", Some(80), 15552000))"#));
    check("own", "web", r#"Some(443) Some(("https://ca.example/dir", "ops@shop.example Some(\"ca.pem\")", Some(81), 15552000))"#);
    let authorities: Vec<_> = project(text, "own").authorities().into_iter().map(|(acme, hosts)| (acme.contact.clone(), hosts.join(" "))).collect();
    assert_eq!(authorities, [("ops@shop.example".to_owned(), "shop.example".to_owned())]);
    let live = project(text, "live");
    let hosts: Vec<_> = live.certificates().into_iter().map(|(files, hosts)| (files.certificate.as_str(), hosts)).collect();
    assert_eq!(hosts, [("all.pem", vec!["shop.example"]), ("own.pem", vec!["api.example"])]);
}
