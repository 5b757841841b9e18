//! Requests and answers of the host API.

use plimsoll_api::wire::piece::Search;
use plimsoll_api::wire::{About, DigestSecrets, LogsLine, OrderLine, RunLog, Started};
use plimsoll_api::{
    Certificate, Certificates, Enrolled, Facts, FailedRenewal, HostError, HostEvent, LogLine, LogQuery, Look, Open, Opened, Order, Program, Replaced,
    Report, SecretDigests, SecretValues, Service, Upgraded, What,
};
use plimsoll_model::Secret;
use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;

use super::database::{copies, database_at};
use super::names::{amount, component, deployment, digest, host, key, moment, path, release, slot, text, variable};
use super::plan::{enrolment, observed_slot, plan, route_spec, served};
use super::record::{component_change, failure, holder, stage, step_ref};

prop_compose! {
    /// Searches for pieces of a file.
    pub fn search()(file in digest(), size in any::<u64>(), pieces in vec(digest(), 0..3)) -> Search {
        Search { file, size, pieces }
    }
}

prop_compose! {
    /// Logs of runs that are to be kept, or asked for.
    pub fn run_log()(key in key(), keep in of(text())) -> RunLog {
        RunLog { key, keep }
    }
}

prop_compose! {
    /// What hosts are.
    pub fn facts()(
        [version, build, platform, machine, folder] in prop::array::uniform5(text()),
        (pid, proxy_pid, cores) in (any::<u32>(), of(any::<u32>()), any::<u32>()),
        (started_at, memory_bytes, disk_free_bytes) in (moment(), amount(), amount()),
        (proxy, keepers) in (of(program()), vec(program(), 0..2)),
        environments in vec(key(), 0..3),
        busy in any::<bool>(),
    ) -> Facts {
        Facts {
            version,
            build,
            platform,
            machine,
            pid,
            started_at,
            proxy_pid,
            proxy,
            keepers,
            cores,
            memory_bytes,
            disk_free_bytes,
            folder,
            environments,
            busy,
        }
    }
}

prop_compose! {
    /// Processes of Plimsoll's own.
    pub fn program()(pid in any::<u32>(), version in of(text()), build in of(text())) -> Program {
        Program { pid, version, build }
    }
}

/// What upgrades have replaced.
pub fn upgraded() -> impl Strategy<Value = Upgraded> {
    of((program(), program()).prop_map(|(from, to)| Replaced { from, to })).prop_map(|proxy| Upgraded { proxy })
}

prop_compose! {
    /// What to look at.
    pub fn look()(
        key in key(),
        releases in btree_set(release(), 0..3),
        ports in btree_set(any::<u16>(), 0..3),
        databases in btree_map(component(), database_at(), 0..2),
        secrets in secrets(),
        step_times in any::<bool>(),
    ) -> Look {
        Look { key, releases, ports, databases, secrets, step_times }
    }
}

/// Values of secrets.
pub fn secrets() -> impl Strategy<Value = SecretValues> {
    btree_map(component(), btree_map(variable(), text().prop_map(Secret::new), 0..3), 0..3).prop_map(SecretValues)
}

prop_compose! {
    /// Requests for hashes of secrets.
    pub fn digest_secrets()(key in key(), values in secrets()) -> DigestSecrets {
        DigestSecrets { key, values }
    }
}

/// Hashes of secrets.
pub fn secret_digests() -> impl Strategy<Value = SecretDigests> {
    btree_map(component(), btree_map(variable(), digest(), 0..3), 0..3)
}

fn content() -> impl Strategy<Value = FileContent> {
    let file = (digest(), amount(), any::<bool>());
    prop_oneof![
        file.prop_map(|(digest, size, executable)| FileContent::File { digest, size, executable }),
        text().prop_map(|target| FileContent::Link { target }),
    ]
}

prop_compose! {
    /// Releases with their files.
    pub fn release_manifest()(
        id in release(),
        component in component(),
        files in vec((path(), content()).prop_map(|(path, content)| FileEntry { path, content }), 0..4),
    ) -> ReleaseManifest {
        ReleaseManifest { id, component, files }
    }
}

fn certificates() -> impl Strategy<Value = Certificates> {
    let certificate = (text(), text()).prop_map(|(chain, key)| Certificate { chain, key: Secret::new(key) });
    btree_map(digest(), certificate, 0..2).prop_map(Certificates)
}

prop_compose! {
    /// Requests to begin a deployment.
    pub fn open()(
        (id, host, plan, holder, reason) in (of(deployment()), host(), plan().boxed(), holder(), of(text())),
        idempotency_key in of(text()),
        components in vec(component_change(), 0..3),
        secrets in secrets(),
        certificates in certificates(),
    ) -> Open {
        Open { id, host, plan, components, holder, reason, idempotency_key, secrets, certificates }
    }
}

prop_compose! {
    /// Deployments that have begun.
    pub fn opened()(id in deployment(), stage in stage()) -> Opened {
        Opened { id, stage }
    }
}

prop_compose! {
    /// Certificates of authorities, as it stands with them.
    pub fn enrolled()(
        (enrolment, certificate) in (enrolment(), of(digest())),
        (expires_at, renew_at) in (of(moment()), of(moment())),
        failed in of((moment(), failure())),
    ) -> Enrolled {
        let failed = failed.map(|(at, failure)| FailedRenewal { at, failure });
        Enrolled { enrolment, certificate, expires_at, renew_at, failed }
    }
}

prop_compose! {
    /// Components as they run.
    pub fn service()(
        (name, served, healthy, since) in (component(), of(served().boxed()), any::<bool>(), of(moment())),
        [version, commit, trouble] in prop::array::uniform3(of(text())),
        (route, enrolled, backed_up_at, copies) in (of(route_spec().boxed()), of(enrolled()), of(moment()), of(copies())),
        slots in vec(observed_slot(), 0..2),
    ) -> Service {
        Service { name, served, version, commit, since, healthy, trouble, route, enrolled, backed_up_at, copies, slots }
    }
}

prop_compose! {
    /// Which lines are asked for.
    pub fn log_query()(key in key(), component in of(component()), tail in any::<u32>(), follow in any::<bool>()) -> LogQuery {
        LogQuery { key, component, tail, follow }
    }
}

prop_compose! {
    /// Queries about an environment.
    pub fn about()(query in log_query(), limit in of(any::<u32>())) -> About {
        About { limit, ..About::from(query) }
    }
}

prop_compose! {
    /// Lines that slots wrote.
    pub fn log_line()(component in component(), slot in slot(), at in text(), stream in text(), text in text()) -> LogLine {
        LogLine { component, slot, at, stream, text }
    }
}

/// Orders.
pub fn order() -> impl Strategy<Value = Order> {
    let level = || prop_oneof![4 => 0..3_u32, 1 => Just(u32::MAX)];
    prop_oneof![
        level().prop_map(|level| Order::Prepare { level }),
        level().prop_map(|level| Order::Switch { level }),
        level().prop_map(|level| Order::Verify { level }),
        Just(Order::Seal),
        Just(Order::Decide),
        Just(Order::Commit),
        failure().prop_map(|failure| Order::RollBack { failure }),
    ]
}

prop_compose! {
    /// How hosts stand after an order.
    pub fn report()(stage in stage(), leftovers in vec(failure(), 0..3)) -> Report {
        Report { stage, leftovers }
    }
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        Just(What::Begun),
        amount().prop_map(|ms| What::Done { ms }),
        failure().prop_map(|failure| What::Failed { failure }),
        amount().prop_map(|ms| What::Undone { ms }),
    ]
}

prop_compose! {
    /// What happens while an order is carried out.
    pub fn host_event()(at in moment(), step in step_ref(), text in text(), what in what()) -> HostEvent {
        HostEvent { at, step, text, what }
    }
}

/// What hosts answer when they do not do what they were asked.
pub fn error() -> impl Strategy<Value = HostError> {
    prop_oneof![
        (host(), text(), text(), text()).prop_map(|(host, code, why, help)| HostError::Unreachable { host, code, why, help }),
        (host(), failure()).prop_map(|(host, failure)| HostError::Barred { host, failure }),
        (deployment(), holder(), amount()).prop_map(|(id, holder, expires_in_ms)| HostError::LeaseHeld { id, holder, expires_in_ms }),
        deployment().prop_map(HostError::LeaseLost),
        host().prop_map(HostError::Stale),
        failure().prop_map(HostError::Failed),
        failure().prop_map(HostError::Refused),
        text().prop_map(HostError::NotFound),
        text().prop_map(HostError::Unfit),
        failure().prop_map(HostError::Internal),
    ]
}

/// Lines of the answer to an order.
pub fn order_line() -> impl Strategy<Value = OrderLine> {
    prop_oneof![host_event().prop_map(OrderLine::Event), report().prop_map(OrderLine::Report), error().prop_map(OrderLine::Error)]
}

/// Lines of the answer to a request for logs.
pub fn logs_line() -> impl Strategy<Value = LogsLine> {
    prop_oneof![log_line().prop_map(LogsLine::Line), Just(LogsLine::End), error().prop_map(LogsLine::Error)]
}

/// What daemons tell when they were started.
pub fn started() -> impl Strategy<Value = Started> {
    prop_oneof![Just(Started::Ready), failure().prop_map(Started::Failed)]
}
