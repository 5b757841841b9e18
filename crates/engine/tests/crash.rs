//! A deployment ends fully live or as if it had never begun, wherever it is cut off and whatever fails.
//!
//! The real coordinator drives the real host over a machine in memory. Time is virtual.

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_api::{Certificates, HostApi, Look, SecretValues};
use plimsoll_engine::{Conduct, Ended, Fleet, Milestone, Outside, RouteCheck, recover, run};
use plimsoll_model::check::{HealthCheck, Question};
use plimsoll_model::deployment::{Failure, Holder, Outcome};
use plimsoll_model::manifest::project::StrategyName;
use plimsoll_model::plan::{Desired, DesiredComponent, DesiredKind, Intent, Observed, Plan, Terms, make};
use plimsoll_model::route::{Match, RouteSpec};
use plimsoll_model::slot::{Limits, ProcessSpec};
use plimsoll_model::source::Source;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, HostName, ReleaseId, SlotId};
use plimsoll_testkit::world::{Behaviour, Crash, Machine, Moment as CrashMoment, SimHost};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const LEASE_MS: u64 = 2_000;

fn key() -> EnvironmentKey {
    EnvironmentKey { project: "shop".parse().unwrap(), environment: "local".parse().unwrap() }
}

fn name(text: &str) -> ComponentName {
    text.parse().unwrap()
}

fn release(component: &str, version: u8) -> ReleaseId {
    ReleaseId(Digest::of(format!("{component} {version}").as_bytes()))
}

fn component(component: &str, version: u8, port: u16, depends_on: &[&str]) -> DesiredComponent {
    let matches = Match { port, host: None, path: "/".into() };
    let spec = ProcessSpec {
        run: "./run".into(),
        health: HealthCheck { question: Question::Http { path: "/health".into() }, interval_ms: 100, timeout_ms: 1_000 },
        env: BTreeMap::new(),
        secrets: BTreeMap::new(),
        user: None,
        limits: Limits::default(),
        start_timeout_ms: 5_000,
        drain_timeout_ms: 1_000,
    };
    DesiredComponent {
        release: release(component, version),
        kind: DesiredKind::Process(spec),
        shared: vec![],
        route: Some(RouteSpec { matches, strip_prefix: false, public_status: false, spa: false, response_timeout_ms: 1_000, tls: None }),
        depends_on: depends_on.iter().map(|need| name(need)).collect(),
        strategy: StrategyName::BlueGreen,
        rolling: None,
        hosts: None,
    }
}

/// Three components on two levels.
fn shop(version: u8) -> Desired {
    let parts = [("backend", 4000, &[][..]), ("admin", 4001, &["backend"]), ("website", 4003, &["backend"])];
    Desired { components: parts.iter().map(|(part, port, needs)| (name(part), component(part, version, *port, needs))).collect(), policy: None }
}

/// A machine, its host, and what is outside.
struct Stage {
    machine: Machine,
    host: Arc<SimHost>,
    fleet: Fleet,
}

struct Nobody;

#[async_trait]
impl Outside for Nobody {
    async fn check(&self, _: &HostName, _: &RouteCheck) -> Result<(), Failure> {
        Ok(())
    }

    async fn reached(&self, _: &DeploymentId, _: Milestone) -> Result<(), Failure> {
        Ok(())
    }
}

impl Stage {
    fn new() -> Self {
        let machine = Machine::default();
        for version in 1..=3 {
            for part in ["backend", "admin", "website"] {
                machine.has(release(part, version), Behaviour::Serves);
            }
        }
        let host = Arc::new(SimHost::new(machine.clone()));
        let hosts = BTreeMap::from([(HostName::local(), host.clone() as Arc<dyn HostApi>)]);
        Self { machine, host, fleet: Fleet { home: HostName::local(), hosts } }
    }

    /// A stage on which version 1 is live.
    async fn live() -> Self {
        let stage = Self::new();
        assert_eq!(stage.deploy(1).await.unwrap().outcome, Outcome::Committed);
        stage.machine.count();
        stage
    }

    /// Asks until there is an answer, as commands that come later would.
    async fn observe(&self) -> Observed {
        let look = Look::at(key());
        for _ in 0..10 {
            match self.fleet.observe(|_| look.clone()).await {
                Ok(mut seen) => return seen.remove(&HostName::local()).unwrap(),
                Err(error) => eprintln!("{error}"),
            }
        }
        panic!("the host does not come back");
    }

    async fn plan(&self, version: u8) -> Plan {
        let terms = Terms {
            key: key(),
            intent: Intent::Deploy,
            source: Source::default(),
            home: HostName::local(),
            lease_ms: LEASE_MS,
            keep_releases: 5,
            keep_backups: None,
            restore: BTreeMap::new(),
            put_back: BTreeMap::new(),
            policy: None,
        };
        make(terms, shop(version), &BTreeMap::from([(HostName::local(), self.observe().await)])).unwrap()
    }

    async fn deploy(&self, version: u8) -> Result<Ended, plimsoll_api::HostError> {
        let plan = self.plan(version).await;
        self.execute(&plan, CancellationToken::new()).await
    }

    async fn execute(&self, plan: &Plan, cancel: CancellationToken) -> Result<Ended, plimsoll_api::HostError> {
        let (notes, _unread) = mpsc::unbounded_channel();
        let conduct = Conduct {
            fleet: &self.fleet,
            plan,
            shipments: &BTreeMap::new(),
            components: vec![],
            holder: Holder { user: "u".into(), machine: "m".into(), pid: 1, surface: "cli".into() },
            reason: None,
            idempotency_key: None,
            secrets: SecretValues::default(),
            certificates: Certificates::default(),
            outside: &Nobody,
            notes,
            cancel,
        };
        run(&conduct).await
    }

    /// Waits until nothing is open any more: leases end, hosts come back, and the next command settles what it finds.
    async fn settle(&self) {
        for _ in 0..20 {
            match self.observe().await.open {
                None => return,
                Some(open) if open.expired => drop(recover::settle(&self.fleet, &key(), &open).await),
                Some(_) => tokio::time::sleep(std::time::Duration::from_millis(LEASE_MS)).await,
            }
        }
        panic!("the deployment was never settled");
    }

    /// Everything is of one version, and nothing else is left. Answers which.
    async fn at_rest(&self, story: &str) -> u8 {
        self.settle().await;
        let routed = self.machine.routed();
        let versions: BTreeSet<u8> = (1..=3).filter(|version| routed.iter().any(|(part, at)| *at == release(part.as_str(), *version))).collect();
        assert_eq!((routed.len(), versions.len()), (3, 1), "{story}: routes lead to {routed:?}");
        let running: Vec<(SlotId, ReleaseId)> = self.machine.running().into_iter().collect();
        assert_eq!(running.len(), 3, "{story}: these run: {running:?}");
        assert_eq!(self.machine.violations(), Vec::<String>::new(), "{story}");
        versions.into_iter().next().unwrap()
    }

    /// What was told is what is so, and the next deployment is clean.
    async fn judge(&self, told: &Result<Ended, plimsoll_api::HostError>, story: &str) {
        let version = self.at_rest(story).await;
        match told {
            Ok(ended) if ended.outcome == Outcome::Committed => assert_eq!(version, 2, "{story}: said committed"),
            Ok(ended) if ended.outcome == Outcome::RolledBack => assert_eq!(version, 1, "{story}: said rolled back"),
            _ => {}
        }
        let next = self.deploy(3).await.unwrap_or_else(|error| panic!("{story}: the next deployment was refused: {error}"));
        assert_eq!(next.outcome, Outcome::Committed, "{story}: the next deployment: {:?}", next.failure);
        assert_eq!(self.at_rest(story).await, 3, "{story}: the next deployment");
    }
}

/// How many journal records and effects a deployment of version 2 over version 1 has.
async fn extent() -> (usize, usize) {
    let stage = Stage::live().await;
    assert_eq!(stage.deploy(2).await.unwrap().outcome, Outcome::Committed);
    stage.machine.count()
}

#[tokio::test(start_paused = true)]
async fn a_host_that_dies_at_any_record() {
    let (records, _) = extent().await;
    assert!(records > 30, "{records}");
    for record in 0..records {
        for moment in [CrashMoment::Before, CrashMoment::After] {
            let stage = Stage::live().await;
            let plan = stage.plan(2).await;
            stage.machine.crash(Crash { record, moment });
            let told = stage.execute(&plan, CancellationToken::new()).await;
            stage.judge(&told, &format!("host dies {moment:?} record {record}")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn host_and_operator_that_die_at_any_record() {
    let (records, _) = extent().await;
    for record in 0..records {
        for moment in [CrashMoment::Before, CrashMoment::After] {
            let stage = Stage::live().await;
            let plan = stage.plan(2).await;
            stage.machine.crash(Crash { record, moment });
            // The operator ends with the host: a broken connection is the last that it sees.
            tokio::select! {
                biased;
                told = stage.execute(&plan, CancellationToken::new()) => drop(told),
                () = dies_with(&stage) => {}
            }
            let lost: Result<Ended, _> = Err(plimsoll_api::HostError::NotFound("operator".into()));
            stage.judge(&lost, &format!("both die {moment:?} record {record}")).await;
        }
    }
}

/// Returns a moment after the host has died.
async fn dies_with(stage: &Stage) {
    while stage.host.lives().await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_dies_at_any_moment() {
    let mut cuts = 0;
    for polls in 0.. {
        let stage = Stage::live().await;
        let plan = stage.plan(2).await;
        let ended = {
            let deployment = stage.execute(&plan, CancellationToken::new());
            tokio::pin!(deployment);
            cut_after(polls, deployment).await
        };
        if ended {
            break;
        }
        cuts += 1;
        let lost: Result<Ended, _> = Err(plimsoll_api::HostError::NotFound("operator".into()));
        stage.judge(&lost, &format!("operator dies after {polls} turns")).await;
    }
    assert!(cuts > 20, "{cuts}");
}

/// Lets `work` go on for so many turns. Answers whether it came to its end.
async fn cut_after<F: Future + Unpin>(turns: usize, mut work: F) -> bool {
    let mut left = turns;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(false);
        }
        left -= 1;
        std::pin::Pin::new(&mut work).poll(context).map(|_| true)
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn every_effect_may_fail() {
    let (_, effects) = extent().await;
    assert!(effects > 15, "{effects}");
    for effect in 0..effects {
        let stage = Stage::live().await;
        let plan = stage.plan(2).await;
        stage.machine.fail(effect);
        let told = stage.execute(&plan, CancellationToken::new()).await;
        stage.judge(&told, &format!("effect {effect} fails")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_deployment_is_rolled_back() {
    for turns in [1, 5, 20, 60] {
        let stage = Stage::live().await;
        let plan = stage.plan(2).await;
        let cancel = CancellationToken::new();
        let canceller = async {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
            cancel.cancel();
        };
        let (told, ()) = tokio::join!(stage.execute(&plan, cancel.clone()), canceller);
        stage.judge(&told, &format!("cancelled after {turns} turns")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_release_never_stays() {
    let check = async |bad: &str, behaviour: Behaviour, code: &str| {
        let stage = Stage::live().await;
        stage.machine.has(release(bad, 2), behaviour);
        let told = stage.deploy(2).await.unwrap();
        assert_eq!(told.outcome, Outcome::RolledBack);
        let failure = told.failure.clone().unwrap();
        assert_eq!((failure.code.as_str(), failure.output.len()), (code, 1));
        assert_eq!(stage.at_rest(bad).await, 1);
        assert_eq!(stage.machine.staged().len(), 3, "what was staged is gone");
    };
    check("backend", Behaviour::NeverHealthy, "slot-unhealthy").await;
    check("backend", Behaviour::ExitsAtOnce, "slot-exited").await;
    // The first level has switched by then, and is switched back.
    check("website", Behaviour::NeverHealthy, "slot-unhealthy").await;
    check("website", Behaviour::ExitsAtOnce, "slot-exited").await;
}

#[tokio::test(start_paused = true)]
async fn a_stale_plan_is_refused_and_a_second_one_waits() {
    let stage = Stage::live().await;
    let plan = stage.plan(2).await;
    assert_eq!(stage.deploy(3).await.unwrap().outcome, Outcome::Committed);
    assert_eq!(stage.execute(&plan, CancellationToken::new()).await.unwrap_err().code(), "plan-stale");
    assert_eq!(stage.at_rest("stale").await, 3);
    let stage = Stage::live().await;
    let plan = stage.plan(2).await;
    stage.machine.has(release("backend", 2), Behaviour::NeverHealthy);
    let (first, second) = tokio::join!(stage.execute(&plan, CancellationToken::new()), async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        stage.execute(&plan, CancellationToken::new()).await
    });
    assert_eq!(first.unwrap().outcome, Outcome::RolledBack);
    assert_eq!(second.unwrap_err().code(), "lease-held");
}

#[tokio::test(start_paused = true)]
async fn nothing_changed_needs_no_deployment() {
    let stage = Stage::live().await;
    assert_eq!(stage.deploy(1).await.unwrap().outcome, Outcome::Unchanged);
    assert_eq!(stage.machine.count(), (0, 0));
}
