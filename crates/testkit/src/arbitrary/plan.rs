//! Plans, the states that they start from and lead to, and the routes in them.
//!
//! What others are made of is boxed: all of a plan at once would be more than a stack holds.

use std::net::IpAddr;

use plimsoll_model::Policy;
use plimsoll_model::agents::Agents;
use plimsoll_model::approval::{ApprovalRule, Whose};
use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::manifest::project::StrategyName;
use plimsoll_model::plan::{
    Desired, DesiredComponent, DesiredKind, Level, MaxUnavailable, Observed, ObservedComponent, OpenDeployment, Plan, PortUse, Served, Step,
    StepKind, Steps, Target, Work, strategies,
};
use plimsoll_model::route::{About, Enrolment, Match, Route, RouteSpec, RouteTable, Tls, Upstream};
use plimsoll_model::slot::{Condition, Limits, ObservedSlot, ProcessSpec};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;

use super::database::{applied, back_up, database, migrate, put_back, restore, run_tool};
use super::names::{amount, component, config, deployment, digest, host, key, moment, path, release, slot, state_hash, text, variable};
use super::record::{change, holder, intent, source, stage};
use crate::fixtures::approver::Signer;

prop_compose! {
    /// Health checks.
    pub fn health()(question in question(), interval_ms in amount(), timeout_ms in amount()) -> HealthCheck {
        HealthCheck { question, interval_ms, timeout_ms }
    }
}

fn question() -> impl Strategy<Value = Question> {
    prop_oneof![text().prop_map(|path| Question::Http { path }), Just(Question::Connect), amount().prop_map(|for_ms| Question::StaysUp { for_ms })]
}

prop_compose! {
    fn limits()(memory_bytes in of(amount()), open_files in of(amount()), processes in of(amount()), cpu_seconds in of(amount())) -> Limits {
        Limits { memory_bytes, open_files, processes, cpu_seconds }
    }
}

prop_compose! {
    /// How slots are run.
    pub fn process()(
        (run, health, limits, user) in (text(), health(), limits(), of(text())),
        env in btree_map(variable(), text(), 0..3),
        secrets in btree_map(variable(), digest(), 0..3),
        (start_timeout_ms, drain_timeout_ms) in (amount(), amount()),
    ) -> ProcessSpec {
        ProcessSpec { run, health, env, secrets, user, limits, start_timeout_ms, drain_timeout_ms }
    }
}

prop_compose! {
    fn matches()(port in any::<u16>(), host in of(text()), path in text()) -> Match {
        Match { port, host, path }
    }
}

prop_compose! {
    /// Arrangements with authorities.
    pub fn enrolment()(directory in text(), contact in text(), root in of(text()), host in text()) -> Enrolment {
        Enrolment { directory, contact, root, host }
    }
}

prop_compose! {
    fn tls()(
        certificate in digest(),
        expires_at in moment(),
        redirect_from in of(any::<u16>()),
        hsts_s in amount(),
        enrolment in of(enrolment().prop_map(Box::new)),
    ) -> Tls {
        Tls { certificate, expires_at, redirect_from, hsts_s, enrolment }
    }
}

prop_compose! {
    /// What components ask of their routes.
    pub fn route_spec()(
        matches in matches(),
        (strip_prefix, public_status, spa) in any::<(bool, bool, bool)>(),
        response_timeout_ms in amount(),
        tls in of(tls().boxed()),
    ) -> RouteSpec {
        RouteSpec { matches, strip_prefix, public_status, spa, response_timeout_ms, tls }
    }
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        slot().prop_map(|slot| Target::Slot { slot }),
        path().prop_map(|root| Target::Site { root }),
        database().prop_map(|spec| strategies::database::target(&spec))
    ]
}

prop_compose! {
    /// What serves.
    pub fn served()(target in target(), release in release(), config in config(), route in of(route_spec().boxed()), deployment in of(deployment())) -> Served {
        Served { target, release, config, route, deployment }
    }
}

prop_compose! {
    fn desired_component()(
        release in release(),
        kind in prop_oneof![process().boxed().prop_map(DesiredKind::Process).boxed(), path().prop_map(|root| DesiredKind::Site { root }), database().prop_map(DesiredKind::Database)],
        shared in vec(path(), 0..2),
        route in of(route_spec().boxed()),
        depends_on in btree_set(component(), 0..2),
        strategy in prop::sample::select(vec![StrategyName::BlueGreen, StrategyName::Recreate]),
        rolling in of(prop_oneof![any::<u32>().prop_map(MaxUnavailable::Hosts), (1..=100_u32).prop_map(MaxUnavailable::Percent)]),
        hosts in of(btree_set(host(), 0..3)),
    ) -> DesiredComponent {
        DesiredComponent { release, kind, shared, route, depends_on, strategy, rolling, hosts }
    }
}

/// States to reach.
pub fn desired() -> BoxedStrategy<Desired> {
    (btree_map(component(), desired_component(), 0..3), of(policy())).prop_map(|(components, policy)| Desired { components, policy }).boxed()
}

/// Who may change an environment.
fn policy() -> impl Strategy<Value = Policy> {
    let whose = prop_oneof![Just(Whose::Agents), Just(Whose::Everyone)];
    let by = btree_set((0..9u8).prop_map(|seed| Signer::of(seed).approver()), 1..3);
    let approval = (whose, by).prop_map(|(of, by)| ApprovalRule { of, by });
    (agents(), of(approval)).prop_map(|(agents, approval)| Policy { agents, approval })
}

/// What agents may do.
fn agents() -> impl Strategy<Value = Agents> {
    prop::sample::select(vec![Agents::Observe, Agents::Plan, Agents::Deploy])
}

/// Steps of every kind.
pub fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        (release(), vec(path(), 0..2), of(component())).prop_map(|(release, shared, of)| Step::StageRelease { release, shared, of }).boxed(),
        (enrolment().boxed(), any::<u16>()).prop_map(|(enrolment, port)| Step::Enrol { enrolment, port }).boxed(),
        (slot(), release(), config(), process().boxed())
            .prop_map(|(slot, release, config, spec)| Step::StartSlot { slot, release, config, spec })
            .boxed(),
        (slot(), health(), amount()).prop_map(|(slot, check, within_ms)| Step::AwaitHealthy { slot, check, within_ms }).boxed(),
        (of(served().boxed()), of(served().boxed())).prop_map(|(from, to)| Step::Switch { from, to }).boxed(),
        (matches(), text(), amount(), of(digest()))
            .prop_map(|(matches, path, within_ms, certificate)| Step::CheckRoute { matches, path, within_ms, certificate })
            .boxed(),
        (slot(), amount()).prop_map(|(slot, drain_ms)| Step::StopSlot { slot, drain_ms }).boxed(),
        back_up().boxed(),
        put_back().boxed(),
        restore().boxed(),
        migrate().boxed(),
        run_tool().boxed(),
        slot().prop_map(|slot| Step::RemoveSlot { slot }).boxed(),
        release().prop_map(|release| Step::PruneRelease { release }).boxed(),
    ]
    .boxed()
}

prop_compose! {
    fn work()(component in component(), change in change(), release in of(release()), lists in prop::array::uniform4(vec(step(), 0..3))) -> Work {
        let [prepare, switch, verify, commit] = lists;
        Work { component, change, release, steps: Steps { prepare, switch, verify, commit } }
    }
}

prop_compose! {
    /// Plans, sensible or not.
    pub fn plan()(
        (version, key, intent, source) in (0..4_u32, key(), intent(), source()),
        (home, lease_ms) in (host(), amount()),
        levels in vec(btree_map(host(), vec(work().boxed(), 0..3), 0..3).prop_map(|hosts| Level { hosts }), 0..3).boxed(),
        expects in btree_map(host(), state_hash(), 0..3),
        desired in desired(),
        policy in of(policy()),
    ) -> Plan {
        Plan { version, key, intent, source, home, lease_ms, levels, policy, expects, desired }
    }
}

prop_compose! {
    /// Slots, as their host sees them.
    pub fn observed_slot()(
        (slot, release, config, port) in (slot(), release(), config(), any::<u16>()),
        condition in prop::sample::select(vec![Condition::Running, Condition::Restarting, Condition::Stopped]),
        restarts in any::<u32>(),
        pid in of(any::<u32>()),
    ) -> ObservedSlot {
        ObservedSlot { slot, release, config, port, condition, restarts, pid }
    }
}

prop_compose! {
    fn observed_component()(
        served in of(served().boxed()),
        slots in vec(observed_slot(), 0..2),
        next_slot in any::<u32>(),
        staged in vec(release(), 0..2),
        needed in btree_set(release(), 0..2),
    ) -> ObservedComponent {
        ObservedComponent { served, slots, next_slot, staged, needed }
    }
}

prop_compose! {
    fn open_deployment()(id in deployment(), holder in holder(), stage in stage(), lease_until in moment(), expired in any::<bool>()) -> OpenDeployment {
        OpenDeployment { id, holder, stage, lease_until, expired }
    }
}

prop_compose! {
    /// Hosts, as they were seen.
    pub fn observed()(
        platform in text(),
        components in btree_map(component(), observed_component(), 0..3),
        releases in btree_set(release(), 0..3),
        ports in btree_map(any::<u16>(), prop::sample::select(vec![PortUse::Proxy, PortUse::Other]), 0..3),
        foreign_routes in vec((key(), matches()), 0..2),
        one_protocol in any::<bool>(),
        databases in btree_map(component(), vec(applied(), 0..3), 0..2),
        disk_free_bytes in amount(),
        open in of(open_deployment()),
        policy in of(policy()),
        durations_ms in btree_map(component(), amount(), 0..2),
        steps_ms in btree_map(component(), btree_map(prop::sample::select(vec![StepKind::Switch, StepKind::BackUp]), amount(), 0..2), 0..2),
    ) -> Observed {
        Observed {
            platform, components, releases, ports, foreign_routes, one_protocol, databases, disk_free_bytes, open, policy, durations_ms, steps_ms,
        }
    }
}

fn upstream() -> impl Strategy<Value = Upstream> {
    prop_oneof![
        (text(), any::<(IpAddr, u16)>()).prop_map(|(slot, address)| Upstream::Slot { slot, address: address.into() }),
        text().prop_map(|root| Upstream::Site { root: root.into() }),
    ]
}

prop_compose! {
    fn route()(
        (key, component, spec, upstream) in (key(), component(), route_spec().boxed(), upstream()),
        (deployment, version, commit, branch, deployed_at) in (deployment(), text(), of(text()), of(text()), text()),
        certificate in of(text()),
    ) -> Route {
        Route { key, component, spec, upstream, certificate: certificate.map(Into::into), about: About { deployment, version, commit, branch, deployed_at } }
    }
}

prop_compose! {
    /// Tables of routes, as a proxy gets and keeps them.
    pub fn route_table()(generation in any::<u64>(), routes in vec(route(), 0..3)) -> RouteTable {
        RouteTable { generation, routes }
    }
}
