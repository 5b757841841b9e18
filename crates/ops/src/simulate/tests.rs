//! Simulated deployments beside real ones, on hosts in memory: what is told is what happens.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll_api::{Certificates, HostApi, Look, SecretValues};
use plimsoll_engine::{Conduct, Ended, Fleet, Milestone, Outside, RouteCheck};
use plimsoll_model::database::{Checksum, Migration};
use plimsoll_model::deployment::{Event, Failure, Holder, Outcome};
use plimsoll_model::manifest::project::Hooks;
use plimsoll_model::manifest::{self, Known};
use plimsoll_model::plan::{self, Desired, Intent, Phase, Plan, StepRef, Terms};
use plimsoll_model::source::Source;
use plimsoll_model::{ComponentName, DeploymentId, Digest, HostName, ReleaseId};
use plimsoll_testkit::world::{Behaviour, Chronicle, Machine, SimHost};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::play::{Scene, specs};
use super::{Basis, Output, estimate, foretell};
use crate::project::MANIFEST;

const WEB: &str = "[components.web]\nrun = \"./serve\"\nroute = { port = 4000 }\nhealth = { path = \"/health\" }\n";
const WORKER: &str = "[components.worker]\nrun = \"./work\"\nhealth = { stays_up = \"3s\" }\ndepends_on = [\"web\"]\n";
const MAIN: &str = "[databases.main]\nkind = \"sqlite\"\ncomponent = \"web\"\nfile = \"data/web.db\"\nmigrations = \"migrations\"\n";

/// Hosts in memory, and a project that is deployed there for real.
struct Stage {
    machines: Vec<Machine>,
    fleet: Fleet,
}

/// Clients find everything well.
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

fn holder() -> Holder {
    Holder { user: "me".into(), machine: "here".into(), pid: 1, surface: "cli".into() }
}

fn migration(version: i64, down: bool) -> Migration {
    let sum = |text: &str| serde_json::from_value::<Checksum>(serde_json::json!(text.repeat(48))).unwrap();
    Migration { version, name: format!("{version}_notes"), up: sum("0a"), down: down.then(|| sum("0b")) }
}

/// What `text` means, where everything has this version and the databases have these migrations.
fn desired(text: &str, version: u8, migrations: &[Migration]) -> Desired {
    let project = manifest::read(&format!("name = \"shop\"\n{text}[environments.local]\n"), MANIFEST, &"local".parse().unwrap()).unwrap();
    let release = |name: &ComponentName| ReleaseId(Digest::of(format!("{name} {version}").as_bytes()));
    let releases = project.components.keys().map(|name| (name.clone(), release(name))).collect();
    let databases = project.components.keys().map(|name| (name.clone(), migrations.to_vec())).collect();
    project.desired(&Known { releases, migrations: databases, ..Known::default() })
}

impl Stage {
    fn new(hosts: usize) -> Self {
        let chronicle = Chronicle::default();
        let machines: Vec<Machine> =
            (1..=hosts).map(|number| Machine::new(HostName::new(format!("h{number}")).unwrap(), chronicle.clone())).collect();
        let host = |machine: &Machine| (machine.name().clone(), Arc::new(SimHost::new(machine.clone())) as Arc<dyn HostApi>);
        let fleet = Fleet { home: machines[0].name().clone(), hosts: machines.iter().map(host).collect() };
        Self { machines, fleet }
    }

    /// The plan that leads to `desired`, and the scene in which it is played.
    async fn scene(&self, desired: &Desired) -> Scene {
        for (machine, wanted) in self.machines.iter().flat_map(|machine| desired.components.values().map(move |wanted| (machine, wanted))) {
            machine.has(wanted.release, Behaviour::Serves);
        }
        let key = plimsoll_model::EnvironmentKey { project: "shop".parse().unwrap(), environment: "local".parse().unwrap() };
        let releases = desired.components.values().map(|wanted| wanted.release).collect();
        let look = Look { step_times: true, releases, ..Look::at(key.clone()) };
        let seen = self.fleet.observe(|host| look.with_databases(desired, host, &SecretValues::default())).await.unwrap();
        let history = self.fleet.home().history(&key, 10).await.unwrap();
        let terms = Terms {
            key,
            intent: Intent::Deploy,
            source: Source::default(),
            home: self.fleet.home.clone(),
            lease_ms: 15_000,
            keep_releases: 2,
            keep_backups: Some(3),
            restore: BTreeMap::new(),
            put_back: BTreeMap::new(),
            policy: None,
        };
        let plan = plan::make(terms, desired.clone(), &seen).unwrap();
        Scene {
            hash: plan.hash(),
            specs: specs(&seen, &history),
            secrets: SecretValues::default(),
            certificates: Certificates::default(),
            estimates: estimate::all(&plan, &seen),
            holder: holder(),
            now: self.machines[0].clock(),
            plan,
            seen,
        }
    }

    async fn simulate(&self, desired: &Desired) -> (Plan, Output) {
        let scene = self.scene(desired).await;
        let plan = scene.plan.clone();
        (plan, foretell(Arc::new(scene), &Hooks::default()).await.unwrap())
    }

    async fn deploy(&self, plan: &Plan) -> Ended {
        let (notes, _told) = mpsc::unbounded_channel();
        let conduct = Conduct {
            fleet: &self.fleet,
            plan,
            shipments: &BTreeMap::new(),
            components: Vec::new(),
            holder: holder(),
            reason: None,
            idempotency_key: None,
            secrets: SecretValues::default(),
            certificates: Certificates::default(),
            outside: &Nobody,
            notes,
            cancel: CancellationToken::new(),
        };
        plimsoll_engine::run(&conduct).await.unwrap()
    }

    /// What each component had done on each host, in its order.
    fn done(&self, ended: &Ended) -> BTreeMap<(HostName, ComponentName), Vec<StepRef>> {
        let mut done: BTreeMap<_, Vec<StepRef>> = BTreeMap::new();
        for machine in &self.machines {
            for (_, event) in ended.id.iter().flat_map(|id| machine.journal(id)) {
                if let Event::Done { at } = event {
                    done.entry((machine.name().clone(), at.component.clone())).or_default().push(at);
                }
            }
        }
        done
    }
}

fn told(output: &Output) -> BTreeMap<(HostName, ComponentName), Vec<StepRef>> {
    let mut told: BTreeMap<_, Vec<StepRef>> = BTreeMap::new();
    for step in &output.steps {
        told.entry((step.host.clone(), step.at.component.clone())).or_default().push(step.at.clone());
    }
    told
}

fn codes(output: &Output) -> Vec<&str> {
    output.risks.iter().map(|risk| risk.code.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_told_is_what_happens() {
    let once = WEB.to_owned() + "strategy = \"recreate\"\n" + WORKER;
    let rolling = WEB.to_owned() + "strategy = \"rolling\"\nmax_unavailable = 1\n" + WORKER;
    let kept = WEB.to_owned() + "shared = [\"data\"]\n" + MAIN;
    let exclusive = kept.clone() + "exclusive = true\n";
    let site = "[components.site]\nsite = \"site\"\nroute = { port = 4001 }\n".to_owned() + WEB;
    for (hosts, text) in [(1, WEB), (1, &once), (3, &rolling), (1, &kept), (1, &exclusive), (2, &site), (2, WORKER.split("depends").next().unwrap())]
    {
        let stage = Stage::new(hosts);
        for (version, applied) in [(1, 1), (2, 2), (2, 2), (3, 3)] {
            let migrations: Vec<Migration> = (1..=applied).map(|number| migration(number, true)).collect();
            let (plan, output) = stage.simulate(&desired(text, version, &migrations)).await;
            let told_before = stage.machines.iter().map(|machine| machine.history(&plan.key).len()).max();
            let ended = stage.deploy(&plan).await;
            assert_eq!(told_before, Some(usize::from(version) - 1 + usize::from(output.outcome == Outcome::Unchanged)), "simulating is on no record");
            assert_eq!((output.plan, output.outcome), (plan.hash(), ended.outcome), "{text}");
            assert_eq!(told(&output), stage.done(&ended), "{text}");
            for failure in &output.failures {
                assert_eq!(failure.outcome, Outcome::RolledBack, "{text}: {failure:#?}");
                assert!(!failure.undone.is_empty() && failure.undone.iter().any(|undone| undone.at == failure.step), "{text}: {failure:#?}");
            }
            let phases: Vec<Phase> = output.failures.iter().map(|failure| failure.phase).collect();
            assert!(phases.is_sorted() && phases.is_empty() == plan.is_empty(), "{text}: {phases:?}");
        }
        // Of databases, what judges machines knows neither what they have nor that programs make room for them.
        if !text.contains("databases") {
            assert_eq!(stage.machines[0].violations(), Vec::<String>::new(), "{text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn times_come_from_what_is_on_record() {
    let stage = Stage::new(1);
    let (plan, first) = stage.simulate(&desired(WORKER.split("depends").next().unwrap(), 1, &[])).await;
    assert!(first.steps.iter().all(|step| step.basis == Basis::Default), "{:#?}", first.steps);
    let _ = stage.deploy(&plan).await;
    let (_, second) = stage.simulate(&desired(WORKER.split("depends").next().unwrap(), 2, &[])).await;
    let bases: Vec<(&str, Basis, u64)> =
        second.steps.iter().map(|step| (step.what.split_once(' ').unwrap().0, step.basis, step.duration_ms)).collect();
    let before = |what, ms| (what, Basis::Recorded, ms);
    let new = |what, ms| (what, Basis::Default, ms);
    // It cannot run twice, so the one before is stopped first.
    assert_eq!(bases, [before("stage", 0), new("drain", 500), before("start", 0), before("wait", 3_000), before("switch", 0), new("remove", 10)]);
    assert_eq!((second.live_ms, second.duration_ms, second.risks[0].duration_ms), (Some(3_500), 3_510, Some(3_500)));
}

#[tokio::test(start_paused = true)]
async fn what_is_at_risk_is_told() {
    let stage = Stage::new(1);
    let kept = WEB.to_owned() + "shared = [\"data\"]\n" + MAIN;
    let (plan, first) = stage.simulate(&desired(&kept, 1, &[migration(1, false)])).await;
    assert_eq!(codes(&first), ["migration-stays"]);
    let _ = stage.deploy(&plan).await;
    let both = [migration(1, false), migration(2, true)];
    let exclusive = kept + "exclusive = true\n";
    let mut scene = stage.scene(&desired(&exclusive, 2, &both)).await;
    let with_backup = foretell(Arc::new(scene), &Hooks { before_switch: Some("true".into()), ..Hooks::default() }).await.unwrap();
    assert_eq!(codes(&with_backup), ["service-gap", "hooks-not-run"]);
    let gap = &with_backup.risks[0];
    assert!(gap.component.as_ref().is_some_and(|component| component.as_str() == "web") && gap.duration_ms >= Some(500), "{gap:?}");
    scene = stage.scene(&desired(&exclusive, 2, &both)).await;
    for work in scene.plan.levels.iter_mut().flat_map(|level| level.hosts.values_mut()).flatten() {
        work.steps.prepare.retain(|step| step.kind() != plan::StepKind::BackUp);
    }
    let without = super::risk::all(&scene.plan, &scene.seen, &[], &Hooks::default());
    assert_eq!(without.iter().map(|risk| risk.code.as_str()).collect::<Vec<_>>(), ["backup-missing"]);
    let (_, gone) = stage.simulate(&desired("[components.other]\nrun = \"./other\"\nhealth = { stays_up = \"1s\" }\n", 1, &[])).await;
    assert_eq!(codes(&gone), ["component-removed", "component-removed"]);
}
