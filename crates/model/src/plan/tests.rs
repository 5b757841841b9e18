//! What plans promise: order respects dependencies, what is unchanged gets no step, equal inputs give equal hashes.

mod fleets;
mod schemas;
mod tools;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::check::{HealthCheck, Question};
use crate::manifest::project::StrategyName;
use crate::route::{Enrolment, Match, RouteSpec, Tls};
use crate::slot::{Condition, Limits, ObservedSlot, ProcessSpec};
use crate::source::Source;
use crate::time::Moment;
use crate::{ComponentName, Digest, EnvironmentKey, HostName, ReleaseId, SlotId};

fn name(index: usize) -> ComponentName {
    ComponentName::new(format!("c{index}")).unwrap()
}

fn release(version: u8, index: usize) -> ReleaseId {
    ReleaseId(Digest::of(&[version, u8::try_from(index).unwrap()]))
}

fn process() -> DesiredKind {
    DesiredKind::Process(ProcessSpec {
        run: "./run".into(),
        health: HealthCheck { question: Question::Http { path: "/health".into() }, interval_ms: 500, timeout_ms: 1000 },
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        user: None,
        limits: Limits::default(),
        start_timeout_ms: 30_000,
        drain_timeout_ms: 10_000,
    })
}

fn wanted(index: usize, version: u8, depends_on: BTreeSet<ComponentName>) -> DesiredComponent {
    let matches = Match { port: 4000 + u16::try_from(index).unwrap(), host: None, path: "/".into() };
    let route = RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 60_000, tls: None };
    let kind = if index % 3 == 2 { DesiredKind::Site { root: crate::RelPath::here() } } else { process() };
    let strategy = if index % 3 == 1 { StrategyName::Recreate } else { StrategyName::BlueGreen };
    DesiredComponent { release: release(version, index), kind, shared: vec![], route: Some(route), depends_on, strategy, rolling: None, hosts: None }
}

fn nothing() -> Observed {
    Observed {
        platform: "linux-x86_64".into(),
        components: BTreeMap::new(),
        releases: BTreeSet::new(),
        ports: BTreeMap::new(),
        foreign_routes: vec![],
        one_protocol: false,
        databases: BTreeMap::new(),
        disk_free_bytes: 1 << 40,
        open: None,
        policy: None,
        durations_ms: BTreeMap::new(),
        steps_ms: BTreeMap::new(),
    }
}

fn terms() -> Terms {
    let key = EnvironmentKey { project: "shop".parse().unwrap(), environment: "local".parse().unwrap() };
    Terms {
        key,
        intent: Intent::Deploy,
        source: Source::default(),
        home: HostName::local(),
        lease_ms: 30_000,
        keep_releases: 5,
        keep_backups: None,
        restore: BTreeMap::new(),
        put_back: BTreeMap::new(),
        policy: None,
    }
}

fn hosts(seen: Observed) -> BTreeMap<HostName, Observed> {
    BTreeMap::from([(HostName::local(), seen)])
}

fn host(number: usize) -> HostName {
    HostName::new(format!("h{number}")).unwrap()
}

/// What the host holds once `desired` is live there, as the steps of a plan would have left it.
fn live(desired: &Desired) -> Observed {
    let mut seen = nothing();
    for (name, wanted) in &desired.components {
        let slot = SlotId::numbered(name, 1);
        let target = match &wanted.kind {
            DesiredKind::Process(_) => Target::Slot { slot: slot.clone() },
            DesiredKind::Site { root } => Target::Site { root: root.clone() },
            DesiredKind::Database(spec) => strategies::database::target(spec),
        };
        let slots = target.slot().map(|slot| ObservedSlot {
            slot: slot.clone(),
            release: wanted.release,
            config: wanted.config(),
            port: 20_000,
            condition: Condition::Running,
            restarts: 0,
            pid: Some(1),
        });
        let served =
            Served { target: target.clone(), release: wanted.release, config: wanted.config(), route: wanted.route.clone(), deployment: None };
        let component = ObservedComponent {
            served: Some(served),
            slots: slots.into_iter().collect(),
            next_slot: 2,
            staged: vec![wanted.release],
            needed: BTreeSet::from([wanted.release]),
        };
        seen.components.insert(name.clone(), component);
        seen.releases.insert(wanted.release);
    }
    seen
}

prop_compose! {
    /// A project of one to eight components in which each may depend on any that come before it.
    fn projects()(edges in prop::collection::vec(prop::collection::vec(any::<bool>(), 8), 1..=8)) -> Desired {
        let depends_on = |index: usize| (0..index).filter(|other| edges[index][*other]).map(name).collect();
        Desired { components: (0..edges.len()).map(|index| (name(index), wanted(index, 1, depends_on(index)))).collect(), policy: None }
    }
}

fn level_of(plan: &Plan, name: &ComponentName) -> Option<usize> {
    plan.levels.iter().position(|level| level.hosts.values().flatten().any(|work| work.component == *name))
}

proptest! {
    #[test]
    fn what_is_depended_on_comes_in_an_earlier_level(desired in projects()) {
        let plan = make(terms(), desired.clone(), &hosts(nothing())).unwrap();
        for (name, wanted) in &desired.components {
            for need in &wanted.depends_on {
                prop_assert!(level_of(&plan, need) < level_of(&plan, name));
            }
        }
    }

    #[test]
    fn equal_inputs_give_equal_plans(desired in projects()) {
        let plan = make(terms(), desired.clone(), &hosts(nothing())).unwrap();
        prop_assert_eq!(plan.hash(), make(terms(), desired, &hosts(nothing())).unwrap().hash());
        let sent: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        prop_assert_eq!(sent.hash(), plan.hash());
    }

    #[test]
    fn what_is_live_needs_no_plan(desired in projects()) {
        let plan = make(terms(), desired.clone(), &hosts(live(&desired))).unwrap();
        prop_assert!(plan.is_empty());
    }

    #[test]
    fn just_what_changed_gets_steps(desired in projects(), changed in prop::collection::vec(any::<bool>(), 8)) {
        let mut next = desired.clone();
        let mut expect = BTreeSet::new();
        for (index, (name, wanted)) in next.components.iter_mut().enumerate() {
            if changed[index] {
                wanted.release = release(2, index);
                expect.insert(name.clone());
            }
        }
        let plan = make(terms(), next, &hosts(live(&desired))).unwrap();
        prop_assert_eq!(plan.changes().into_keys().collect::<BTreeSet<_>>(), expect);
    }

    #[test]
    fn what_is_no_longer_wanted_is_taken_away_last(desired in projects(), gone in 0usize..8) {
        let mut next = desired.clone();
        next.components.retain(|name, _| *name != self::name(gone));
        for wanted in next.components.values_mut() {
            wanted.depends_on.remove(&self::name(gone));
        }
        let plan = make(terms(), next, &hosts(live(&desired))).unwrap();
        prop_assert_eq!(level_of(&plan, &name(gone)), (gone < desired.components.len()).then(|| plan.levels.len() - 1));
    }

    #[test]
    fn circles_are_refused(mut desired in projects(), at in 0usize..8) {
        let at = name(at % desired.components.len());
        let first = desired.components.values_mut().next().unwrap();
        first.depends_on.insert(at.clone());
        let circle = reaches(&desired, &at, &name(0), 8);
        prop_assert_eq!(matches!(make(terms(), desired, &hosts(nothing())), Err(PlanError::Cycle(_))), circle);
    }

    #[test]
    fn the_state_that_is_expected_is_part_of_the_hash(desired in projects()) {
        let fresh = make(terms(), desired.clone(), &hosts(nothing())).unwrap();
        let mut other = nothing();
        other.components.insert(name(99), ObservedComponent { next_slot: 7, ..ObservedComponent::default() });
        prop_assert_ne!(fresh.hash(), make(terms(), desired, &hosts(other)).unwrap().hash());
    }
}

fn reaches(desired: &Desired, from: &ComponentName, to: &ComponentName, depth: usize) -> bool {
    from == to || depth > 0 && desired.components[from].depends_on.iter().any(|next| reaches(desired, next, to, depth - 1))
}

fn two(version: u8) -> Desired {
    Desired {
        components: BTreeMap::from([(name(0), wanted(0, version, BTreeSet::new())), (name(1), wanted(1, version, BTreeSet::from([name(0)])))]),
        policy: None,
    }
}

#[test]
fn blue_green_starts_beside_and_recreate_stops_first() {
    let plan = make(terms(), two(2), &hosts(live(&two(1)))).unwrap();
    let local = HostName::local();
    let told: Vec<String> = plan.steps(&local).map(|(at, step)| format!("{at}: {step}")).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    level 1 c0 prepare step 1: stage release cd60d752
    level 1 c0 prepare step 2: start slot c0-2
    level 1 c0 prepare step 3: wait until slot c0-2 is healthy
    level 1 c0 switch step 1: switch to slot c0-2
    level 1 c0 verify step 1: check the route: port 4000 /health
    level 1 c0 commit step 1: drain and stop slot c0-1
    level 1 c0 commit step 2: remove slot c0-1
    level 2 c1 prepare step 1: stage release 6abc4fcd
    level 2 c1 switch step 1: drain and stop slot c1-1
    level 2 c1 switch step 2: start slot c1-2
    level 2 c1 switch step 3: wait until slot c1-2 is healthy
    level 2 c1 switch step 4: switch to slot c1-2
    level 2 c1 verify step 1: check the route: port 4001 /health
    level 2 c1 commit step 1: remove slot c1-1
    ");
}

#[test]
fn a_new_route_needs_no_new_slot() {
    let mut next = two(1);
    next.components.get_mut(&name(0)).unwrap().route.as_mut().unwrap().matches.port = 5000;
    let plan = make(terms(), next, &hosts(live(&two(1)))).unwrap();
    let local = HostName::local();
    let told: Vec<String> = plan.steps(&local).map(|(_, step)| step.to_string()).collect();
    assert_eq!(told, ["switch to slot c0-1", "check the route: port 5000 /health"]);
}

#[test]
fn a_certificate_is_issued_before_anything_else_and_once() {
    let mut desired = two(1);
    let enrolment = Enrolment { directory: "https://ca.example".into(), contact: "a@b.example".into(), root: None, host: "shop.example".into() };
    desired.components.get_mut(&name(0)).unwrap().route.as_mut().unwrap().tls = Some(Tls::enrolled(enrolment, Some(80), 0));
    let local = HostName::local();
    let plan = make(terms(), desired.clone(), &hosts(nothing())).unwrap();
    let first = plan.steps(&local).next().unwrap().1.to_string();
    assert_eq!(first, "have a certificate for shop.example issued by https://ca.example");
    let mut next = desired.clone();
    next.components.get_mut(&name(0)).unwrap().release = release(2, 0);
    let plan = make(terms(), next, &hosts(live(&desired))).unwrap();
    assert!(plan.steps(&local).count() > 0 && plan.steps(&local).all(|(_, step)| !matches!(step, Step::Enrol { .. })), "the host has it");
    let several = BTreeMap::from([(local, nothing()), ("b.example".parse().unwrap(), nothing())]);
    assert_eq!(make(terms(), desired, &several).unwrap_err().code(), "acme-several-hosts");
}

#[test]
fn what_stands_against_a_plan_is_said() {
    let check = |desired: Desired, seen: Observed, code: &str| {
        assert_eq!(make(terms(), desired, &hosts(seen)).map(|plan| plan.hash()).map_err(|error| error.code().to_owned()), Err(code.to_owned()));
    };
    let taken = Observed { ports: BTreeMap::from([(4000, PortUse::Other)]), ..nothing() };
    check(two(1), taken, "port-taken");
    let key = EnvironmentKey { project: "other".parse().unwrap(), environment: "local".parse().unwrap() };
    let foreign = Observed { foreign_routes: vec![(key, two(1).components[&name(0)].route.clone().unwrap().matches)], ..nothing() };
    check(two(1), foreign, "route-taken");
    let (one_protocol, mut secure) = (Observed { one_protocol: true, ..nothing() }, two(1));
    let tls = Tls { certificate: Digest::ZERO, expires_at: Moment::LAST, redirect_from: None, hsts_s: 0, enrolment: None };
    secure.components.get_mut(&name(0)).unwrap().route.as_mut().unwrap().tls = Some(tls);
    assert!(make(terms(), secure.clone(), &hosts(one_protocol.clone())).is_ok(), "each has a port of its own");
    let port = secure.components[&name(0)].route.as_ref().unwrap().matches.port;
    let other = secure.components.get_mut(&name(1)).unwrap().route.as_mut().unwrap();
    (other.matches.port, other.matches.host) = (port, Some("other.example".into()));
    assert!(make(terms(), secure.clone(), &hosts(nothing())).is_ok(), "the built-in proxy speaks both");
    check(secure.clone(), one_protocol, "tls-mixed-port");
    let before = Observed { one_protocol: true, ..live(&two(1)) };
    secure.components.get_mut(&name(1)).unwrap().route.as_mut().unwrap().tls = secure.components[&name(0)].route.clone().unwrap().tls;
    assert!(
        make(terms(), secure.clone(), &hosts(before.clone())).map_err(|error| error.code()).is_err_and(|code| code == "tls-mixed-port"),
        "{before:?}"
    );
    let mut shared = two(1);
    shared.components.get_mut(&name(1)).unwrap().route = shared.components[&name(0)].route.clone();
    check(shared.clone(), nothing(), "shared-route");
    let mut unknown = two(1);
    unknown.components.get_mut(&name(0)).unwrap().depends_on.insert(name(9));
    check(unknown, nothing(), "unknown-dependency");
    let mut moved = two(1);
    moved.components.get_mut(&name(0)).unwrap().route = None;
    moved.components.get_mut(&name(1)).unwrap().route = shared.components[&name(0)].route.clone();
    check(moved, live(&two(1)), "route-moves");
}

#[test]
fn a_rollback_needs_its_releases() {
    let back = Terms { intent: Intent::Rollback { to: "1".parse().unwrap() }, ..terms() };
    let refused = make(back.clone(), two(1), &hosts(live(&two(2)))).unwrap_err();
    assert_eq!(refused.code(), "release-gone");
    let mut seen = live(&two(2));
    seen.releases.extend(two(1).components.values().map(|wanted| wanted.release));
    assert_eq!(make(back, two(1), &hosts(seen)).unwrap().changes().len(), 2);
}

#[test]
fn the_newest_releases_and_the_needed_ones_are_kept() {
    let old: Vec<ReleaseId> = (10..20).map(|version| release(version, 0)).collect();
    let mut seen = live(&two(1));
    let component = seen.components.get_mut(&name(0)).unwrap();
    component.staged.extend(&old);
    component.needed.insert(old[9]);
    let plan = make(terms(), two(2), &hosts(seen)).unwrap();
    let local = HostName::local();
    let pruned: Vec<&ReleaseId> =
        plan.steps(&local).filter_map(|(_, step)| if let Step::PruneRelease { release } = step { Some(release) } else { None }).collect();
    assert_eq!(pruned, old[3..9].iter().collect::<Vec<_>>());
}

#[test]
fn releases_go_with_the_environment_and_not_with_a_component() {
    let check = |intent: Intent, expect: usize| {
        let mut seen = live(&two(1));
        // It left before; only its releases are still there.
        let left = seen.components.get_mut(&name(1)).unwrap();
        (left.served, left.slots) = (None, Vec::new());
        let plan = make(Terms { intent, ..terms() }, Desired::default(), &hosts(seen)).unwrap();
        let local = HostName::local();
        assert_eq!(plan.steps(&local).filter(|(_, step)| matches!(step, Step::PruneRelease { .. })).count(), expect, "{plan:#?}");
    };
    check(Intent::Deploy, 0);
    check(Intent::Down, 2);
}

#[test]
fn a_slot_that_does_not_run_is_started_again() {
    let mut seen = live(&two(1));
    seen.components.get_mut(&name(0)).unwrap().slots[0].condition = Condition::Stopped;
    let plan = make(terms(), two(1), &hosts(seen)).unwrap();
    assert_eq!(plan.changes(), BTreeMap::from([(name(0), Change::Restart)]));
}

#[test]
fn routes_are_asked_where_they_answer() {
    let check = |health: Option<&str>, prefix: &str, strip: bool, expect: &str| {
        let mut wanted = wanted(0, 1, BTreeSet::new());
        let route = wanted.route.as_mut().unwrap();
        (route.matches.path, route.strip_prefix) = (prefix.into(), strip);
        if let DesiredKind::Process(spec) = &mut wanted.kind {
            spec.health.question = health.map_or(Question::Connect, |path| Question::Http { path: path.into() });
        }
        assert_eq!(wanted.route_check().unwrap().1, expect);
    };
    check(Some("/health"), "/", false, "/health");
    check(Some("/health"), "/api", true, "/api/health");
    check(Some("/api/health"), "/api", false, "/api/health");
    check(Some("/health"), "/api", false, "/api/_deploy/health");
    check(None, "/", false, "/_deploy/health");
}
