//! What the inspections find on hosts of several kinds.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_api::Service;
use plimsoll_model::deployment::{Failure, Holder, Stage};
use plimsoll_model::finding::Severity;
use plimsoll_model::plan::{Observed, ObservedComponent, OpenDeployment, PortUse, Served, Target};
use plimsoll_model::route::{Match, RouteSpec, Tls};
use plimsoll_model::slot::{Condition, ObservedSlot};
use plimsoll_model::time::Moment;
use plimsoll_model::{ConfigHash, Digest, HostName, ReleaseId};
use plimsoll_provision::{Drift, Firewall};

use super::*;
use crate::{Asked, Audit, Daemon, Disk, Environment, Facts, Memory, Mode, Nginx, Survival, Systemd, inspect};

const NOW: Moment = Moment(1_800_000_000_000);
const DAY: u64 = 86_400_000;

/// A provisioned host on which one component serves.
fn well() -> Facts {
    Facts {
        version: "1.0.0".into(),
        at: NOW,
        is_root: true,
        mode: Mode::System,
        container: None,
        disk: Some(Disk { bytes: 40 << 30, free_bytes: 20 << 30, files: 1_000_000, free_files: 900_000 }),
        store_bytes: Some(3 << 30),
        memory: Some(Memory { bytes: 4 << 30, available_bytes: 2 << 30, swap_bytes: 0, free_swap_bytes: 0 }),
        is_synchronized: Some(true),
        open_files: Some(524_288),
        systemd: Some(Systemd { state: "running".into(), failed: Vec::new() }),
        survival: None,
        nginx: None,
        firewall: Some(Firewall { is_in_force: true, open: BTreeSet::from([22, 80, 443, 9000]), more: BTreeSet::from([22, 9000]) }),
        drift: Some(Vec::new()),
        daemon: Daemon::Answers(Box::new(daemon())),
        environments: vec![environment()],
        audit: Some(Audit { rows: 3, broken: None }),
    }
}

fn daemon() -> plimsoll_api::Facts {
    let told = serde_json::json!({
        "version": "1.0.0", "build": "b", "platform": "linux-x86_64", "machine": "m", "pid": 7, "started_at": "1970-01-01T00:00:00.000Z",
        "proxy_pid": 8, "cores": 1, "memory_bytes": 0, "disk_free_bytes": 0, "folder": "/var/lib/plimsoll", "environments": [], "busy": false,
    });
    serde_json::from_value(told).unwrap()
}

fn slot(number: u32, condition: Condition) -> ObservedSlot {
    let (release, config) = (ReleaseId(Digest::of(b"r")), ConfigHash(Digest::of(b"c")));
    let slot = plimsoll_model::SlotId::numbered(&"web".parse().unwrap(), number);
    ObservedSlot { slot, release, config, port: 40_000, condition, restarts: 0, pid: None }
}

fn environment() -> Environment {
    let matches = Match { port: 443, host: None, path: "/".into() };
    let tls = Tls { certificate: Digest::of(b"x"), expires_at: NOW.plus(60 * DAY), redirect_from: Some(80), hsts_s: 0, enrolment: None };
    let route = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 1, tls: Some(tls) };
    let serving = slot(1, Condition::Running);
    let (target, release, config) = (Target::Slot { slot: serving.slot.clone() }, serving.release, serving.config);
    let served = Some(Served { target, release, config, route: Some(route.clone()), deployment: None });
    let service = Service {
        name: "web".parse().unwrap(),
        served: served.clone(),
        version: None,
        commit: None,
        since: None,
        healthy: true,
        trouble: None,
        route: Some(route),
        enrolled: None,
        backed_up_at: None,
        copies: None,
        slots: vec![serving.clone()],
    };
    let component = ObservedComponent { served, slots: vec![serving], ..ObservedComponent::default() };
    let observed = Observed {
        platform: "linux-x86_64".into(),
        components: BTreeMap::from([("web".parse().unwrap(), component)]),
        releases: BTreeSet::new(),
        ports: BTreeMap::from([(443, PortUse::Proxy)]),
        foreign_routes: Vec::new(),
        one_protocol: false,
        databases: BTreeMap::new(),
        disk_free_bytes: 0,
        open: None,
        policy: None,
        durations_ms: BTreeMap::new(),
        steps_ms: BTreeMap::new(),
    };
    let key = plimsoll_model::EnvironmentKey { project: "shop".parse().unwrap(), environment: "production".parse().unwrap() };
    Environment { key, services: vec![service], observed }
}

fn open(expired: bool) -> OpenDeployment {
    let holder = Holder { user: "ada".into(), machine: "desk".into(), pid: 1, surface: "cli".into() };
    let id = "d-1".parse().unwrap();
    OpenDeployment { id, holder, stage: Stage::Sealed, lease_until: NOW, expired }
}

fn route(facts: &mut Facts) -> &mut RouteSpec {
    facts.environments[0].services[0].route.as_mut().unwrap()
}

fn component(facts: &mut Facts) -> &mut ObservedComponent {
    facts.environments[0].observed.components.values_mut().next().unwrap()
}

fn findings(change: impl FnOnce(&mut Facts)) -> Vec<plimsoll_model::finding::Finding> {
    let (mut facts, host, asked) = (well(), HostName::new("admin@a.example").unwrap(), Asked { environment: None, ports: BTreeSet::from([80]) });
    change(&mut facts);
    inspect(&Case { host: &host, asked_at: (NOW, NOW.plus(100)), version: "1.0.0", asked: &asked, facts: &facts })
}

#[track_caller]
fn check(change: impl FnOnce(&mut Facts), expect: &[(Severity, &str, &str)]) {
    let found = findings(change);
    let told: Vec<_> = found.iter().map(|finding| (finding.severity, finding.code.as_str())).collect();
    assert_eq!(told, expect.iter().map(|(severity, code, _)| (*severity, *code)).collect::<Vec<_>>(), "{found:#?}");
    for (finding, (_, _, part)) in found.iter().zip(expect) {
        let text = format!("{} ({})", finding.message, finding.help.as_deref().expect("each says what to do"));
        assert!(text.contains(part) && text.starts_with("admin@a.example: "), "{part}: {text}");
    }
}

const ERROR: Severity = Severity::Error;
const WARNING: Severity = Severity::Warning;
const NOTE: Severity = Severity::Note;

#[test]
fn each_inspection_is_registered() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/inspections");
    let files = source.read_dir().unwrap().map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned());
    let files: BTreeSet<String> = files.filter(|name| name != "mod" && name != "tests").collect();
    assert_eq!(INSPECTIONS.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>(), files.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_host_that_is_well_has_no_findings() {
    check(|_| {}, &[]);
}

#[test]
fn what_the_machine_lacks_is_found() {
    check(|facts| facts.at = NOW.plus(1_900), &[]);
    check(|facts| facts.at = NOW.plus(10_100), &[(WARNING, "clock-skewed", "10.0 s ahead of")]);
    check(|facts| facts.at = Moment(NOW.0 - 3_600_000), &[(ERROR, "clock-skewed", "3600.0 s behind")]);
    check(|facts| facts.is_synchronized = Some(false), &[(WARNING, "clock-unkept", "timedatectl set-ntp true")]);
    check(|facts| (facts.is_synchronized, facts.container) = (Some(false), Some("docker".into())), &[]);
    let disk = |change: fn(&mut Disk)| move |facts: &mut Facts| change(facts.disk.as_mut().unwrap());
    check(disk(|disk| disk.free_bytes = 99 << 20), &[(ERROR, "disk-full", "99 MB of 40960 MB are free")]);
    check(disk(|disk| disk.free_bytes = 500 << 20), &[(WARNING, "disk-filling", "make room")]);
    check(disk(|disk| (disk.bytes, disk.free_bytes) = (600 << 20, 500 << 20)), &[(WARNING, "store-large", "keep_releases")]);
    check(disk(|disk| disk.free_files = 40_000), &[(WARNING, "inodes-used-up", "inodes")]);
    check(disk(|disk| disk.free_files = 9), &[(ERROR, "inodes-used-up", "9 more files")]);
    check(disk(|disk| (disk.files, disk.free_files) = (0, 0)), &[]);
    check(|facts| facts.store_bytes = Some(21 << 30), &[(WARNING, "store-large", "keep_releases")]);
    let memory = |bytes, available_bytes, free_swap_bytes| {
        move |facts: &mut Facts| facts.memory = Some(Memory { bytes, available_bytes, swap_bytes: free_swap_bytes, free_swap_bytes })
    };
    check(memory(1 << 30, 500 << 20, 0), &[(WARNING, "swap-missing", "1024 MB of memory and no swap")]);
    check(memory(1 << 30, 50 << 20, 1 << 30), &[]);
    check(memory(8 << 30, 50 << 20, 0), &[(ERROR, "memory-used-up", "50 MB of memory and swap are left")]);
    check(|facts| facts.open_files = Some(1024), &[(WARNING, "open-files-limited", "LimitNOFILE")]);
    let units = |failed: &[&str]| {
        let failed = failed.iter().map(|unit| (*unit).to_owned()).collect();
        |facts: &mut Facts| facts.systemd = Some(Systemd { state: "degraded".into(), failed })
    };
    check(units(&["plimsoll.service"]), &[(ERROR, "unit-failed", "systemctl status plimsoll.service")]);
    check(units(&["motd.service"]), &[(WARNING, "unit-failed", "motd.service has failed")]);
    check(|facts| facts.systemd = Some(Systemd { state: "maintenance".into(), failed: Vec::new() }), &[(WARNING, "system-unwell", "`maintenance`")]);
}

#[test]
fn what_was_set_up_and_is_so_no_more_is_found() {
    let drift = |help: Option<&str>| {
        let drift = Drift { measure: "sshd".into(), what: "let SSH in by keys only".into(), help: help.map(str::to_owned) };
        |facts: &mut Facts| facts.drift = Some(vec![drift])
    };
    check(drift(None), &[(WARNING, "set-up-drifted", "plimsoll host provision admin@a.example")]);
    check(drift(Some("by hand")), &[(WARNING, "set-up-drifted", "(by hand)")]);
    check(|facts| facts.firewall.as_mut().unwrap().is_in_force = false, &[(ERROR, "firewall-off", "host provision admin@a.example")]);
    check(|facts| facts.firewall = None, &[]);
    check(|facts| route(facts).matches.port = 8080, &[(ERROR, "port-closed", "provision admin@a.example --port 8080 --port 9000)")]);
    let nginx = |trouble: Option<&str>| Some(Nginx { trouble: trouble.map(str::to_owned) });
    check(|facts| facts.nginx = nginx(None), &[]);
    check(|facts| facts.nginx = nginx(Some("unknown directive \"x\"")), &[(ERROR, "nginx-broken", "unknown directive")]);
    let survival = |lingers, ends_at_logout| {
        move |facts: &mut Facts| {
            facts.mode = Mode::User;
            facts.survival = Some(Survival { login: "deploy".into(), lingers, ends_at_logout });
        }
    };
    check(survival(false, true), &[(ERROR, "ends-at-logout", "loginctl enable-linger deploy")]);
    check(survival(true, true), &[(NOTE, "user-mode", "after a restart")]);
    check(survival(false, false), &[(NOTE, "user-mode", "after a restart")]);
    check(|facts| facts.is_root = false, &[(NOTE, "not-seen", "plimsoll host doctor admin@a.example")]);
}

#[test]
fn what_the_daemon_knows_is_found() {
    check(|facts| facts.daemon = Daemon::Absent, &[]);
    check(|facts| facts.daemon = Daemon::Rests, &[(WARNING, "daemon-rests", "plimsoll host facts admin@a.example")]);
    let fails = |failure: Failure| |facts: &mut Facts| (facts.daemon, facts.environments) = (Daemon::Fails(failure), Vec::new());
    check(fails(Failure::new("daemon-down", "nobody listens")), &[(ERROR, "daemon-down", "journalctl -u plimsoll.service")]);
    check(fails(Failure::new("not-a-member", "no").with_help("join")), &[(ERROR, "not-a-member", "(join)")]);
    let of = |change: fn(&mut plimsoll_api::Facts)| {
        let mut daemon = daemon();
        change(&mut daemon);
        |facts: &mut Facts| facts.daemon = Daemon::Answers(Box::new(daemon))
    };
    check(of(|daemon| daemon.version = "0.9.0".into()), &[(WARNING, "daemon-differs", "plimsoll host upgrade")]);
    check(
        |facts| {
            facts.version = "1.1.0".into();
            of(|daemon| daemon.version = "1.1.0".into())(facts)
        },
        &[(NOTE, "version-differs", "plimsoll 1.1.0")],
    );
    check(of(|daemon| daemon.proxy_pid = None), &[(ERROR, "proxy-down", "1 routes lead nowhere")]);
    let broken = Audit { rows: 3, broken: Some("row 2 was changed".into()) };
    check(|facts| facts.audit = Some(broken), &[(ERROR, "audit-broken", "row 2 was changed")]);
}

#[test]
fn what_an_environment_has_is_found() {
    let expires = |ms: i64| move |facts: &mut Facts| route(facts).tls.as_mut().unwrap().expires_at = Moment(NOW.0 + ms);
    check(expires(0), &[(ERROR, "certificate-expired", "shop/production: web")]);
    check(expires(3 * 86_400_000 + 1_000), &[(WARNING, "certificate-expires", "in 3 days")]);
    check(expires(15 * 86_400_000), &[]);
    check(|facts| facts.environments[0].observed.open = Some(open(true)), &[(ERROR, "deployment-undecided", "plimsoll resume production")]);
    check(|facts| facts.environments[0].observed.open = Some(open(false)), &[(NOTE, "deployment-open", "is under way")]);
    check(|facts| facts.environments[0].observed.ports.extend([(80, PortUse::Other)]), &[(ERROR, "port-taken", "sport = :80")]);
    let silent = |facts: &mut Facts| facts.environments[0].services[0].trouble = Some("connection refused".into());
    check(silent, &[(ERROR, "component-down", "rollback production --last")]);
    check(|facts| component(facts).slots.push(slot(2, Condition::Running)), &[(WARNING, "slot-leftover", "slot web-2")]);
    check(|facts| component(facts).slots.push(slot(2, Condition::Stopped)), &[]);
    let under_way = |facts: &mut Facts| {
        component(facts).slots.push(slot(2, Condition::Running));
        facts.environments[0].observed.open = Some(open(false));
    };
    check(under_way, &[(NOTE, "deployment-open", "")]);
    check(|facts| component(facts).slots[0].restarts = 3, &[(WARNING, "slot-restless", "3 times")]);
}

#[test]
fn the_worst_comes_first_and_facts_travel() {
    let everything = |facts: &mut Facts| {
        facts.at = NOW.plus(10_000);
        facts.is_root = false;
        facts.environments[0].observed.open = Some(open(true));
    };
    let severities: Vec<_> = findings(everything).into_iter().map(|finding| finding.severity).collect();
    assert_eq!(severities, [ERROR, WARNING, NOTE]);
    let sent = serde_json::to_string(&well()).unwrap();
    assert_eq!(serde_json::from_str::<Facts>(&sent).unwrap(), well());
}
