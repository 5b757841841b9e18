//! Plans carried out on a host in memory: what is asked, told, and left behind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use plimsoll_api::{Certificates, HostApi, Open, SecretValues};
use plimsoll_engine::Fleet;
use plimsoll_model::deployment::{Holder, Outcome};
use plimsoll_model::manifest::{self, Known};
use plimsoll_model::plan::Intent;
use plimsoll_model::source::Source;
use plimsoll_model::{ComponentName, Digest, HostName, PlanHash, ReleaseId};
use plimsoll_testkit::world::{Behaviour, EffectFault, Machine, SimHost};

use super::{Mandate, Undertaking};
use crate::project::{Loaded, MANIFEST};
use crate::proposal::{Aim, CutOff, Proposal, make, terms};
use crate::tests::Scene;
use crate::workbench::Workbench;
use crate::{Always, Approve, DeploymentView, Event, Exit, Never, Note, OpError};

/// A component that no route leads to, and hooks that write down what they were told.
const TEXT: &str = r#"name = "shop"
[components.worker]
run = "./work"
health = { stays_up = "1ms" }
[environments.local]
confirm = false
[hooks]
before_switch = "test ! -e forbidden"
after_commit = "env > committed"
after_rollback = "env > rolled-back"
"#;

struct Stage {
    scene: Scene,
    machine: Machine,
    fleet: Fleet,
    loaded: Loaded,
}

fn release(version: u8) -> ReleaseId {
    ReleaseId(Digest::of(&[version]))
}

impl Stage {
    fn new(text: &str, files: &[(&str, &str)]) -> Self {
        let machine = Machine::default();
        machine.has(release(1), Behaviour::Serves);
        machine.has(release(2), Behaviour::ExitsAtOnce);
        let host: Arc<dyn HostApi> = Arc::new(SimHost::new(machine.clone()));
        let fleet = Fleet { home: HostName::local(), hosts: BTreeMap::from([(HostName::local(), host)]) };
        let project = manifest::read(text, MANIFEST, &"local".parse().unwrap()).unwrap();
        Self { scene: Scene::new(files), machine, fleet, loaded: Loaded { project, text: text.into() } }
    }

    async fn propose(&self, version: u8) -> Result<Proposal, OpError> {
        let releases = BTreeMap::from([("worker".parse::<ComponentName>().unwrap(), release(version))]);
        let desired = self.loaded.project.desired(&Known { releases, ..Known::default() });
        let source = Source { version: format!("v{version}"), dirty: true, ..Source::default() };
        let terms = terms(&self.loaded, &self.fleet, Intent::Deploy, source);
        make(&self.scene.context, &self.fleet, terms, Aim::known(desired), CutOff::Settle, &self.scene.progress).await
    }

    async fn deploy(&self, version: u8, approve: &dyn Approve, expect_plan: Option<PlanHash>) -> Result<DeploymentView, OpError> {
        let proposal = self.propose(version).await?;
        let bench = Workbench::new(&self.scene.context, &self.loaded.project, &SecretValues::default(), &self.scene.progress);
        let mandate = Mandate { expect_plan, reason: Some("because".into()), begun: Instant::now() };
        Undertaking::announce(&bench, &self.fleet, &proposal, mandate).await?.finish(approve).await
    }

    fn running(&self) -> Vec<ReleaseId> {
        self.machine.running().into_values().collect()
    }

    /// What a hook has written down.
    fn noted(&self, name: &str) -> String {
        std::fs::read_to_string(self.scene.context.project.join(name)).unwrap_or_default()
    }
}

fn outcome(error: &OpError) -> Option<&str> {
    error.details.as_ref()?.pointer("/deployment/outcome")?.as_str()
}

#[tokio::test]
async fn what_is_live_is_told_and_needs_nothing_more() {
    let mut stage = Stage::new(TEXT, &[]);
    let deployment = stage.deploy(1, &Never, None).await.unwrap();
    assert_eq!((deployment.outcome, deployment.version.as_str(), deployment.dirty), (Outcome::Committed, "v1", true));
    assert_eq!(stage.running(), [release(1)]);
    let noted = stage.noted("committed");
    let id = format!("PLIMSOLL_DEPLOYMENT={}", deployment.id.unwrap());
    for fact in ["PLIMSOLL_OUTCOME=committed", "PLIMSOLL_REASON=because", "PLIMSOLL_ENVIRONMENT=local", "PLIMSOLL_INTENT=deploy", &id] {
        assert!(noted.lines().any(|line| line == fact), "{fact} in\n{noted}");
    }
    let again = stage.deploy(1, &Never, None).await.unwrap();
    assert_eq!((again.outcome, again.id, again.components.len()), (Outcome::Unchanged, None, 1));
    stage.scene.told.close();
    let mut told = Vec::new();
    while let Some(event) = stage.scene.told.recv().await {
        told.push(serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned());
    }
    assert_eq!((told.first().map(String::as_str), told.last().map(String::as_str)), (Some("planned"), Some("planned")));
}

#[tokio::test]
async fn what_fails_is_rolled_back_and_says_why() {
    let stage = Stage::new(TEXT, &[]);
    stage.deploy(1, &Never, None).await.unwrap();
    let error = stage.deploy(2, &Never, None).await.unwrap_err();
    assert_eq!((error.exit, error.code.as_str(), outcome(&error)), (Exit::Failed, "slot-exited", Some("rolled_back")));
    assert_eq!(stage.running(), [release(1)]);
    let noted = stage.noted("rolled-back");
    assert!(noted.contains("PLIMSOLL_OUTCOME=rolled_back") && noted.contains("PLIMSOLL_FAILURE_CODE=slot-exited"), "{noted}");
}

#[tokio::test]
async fn a_hook_may_object_before_the_switch() {
    let stage = Stage::new(TEXT, &[("forbidden", "")]);
    let error = stage.deploy(1, &Never, None).await.unwrap_err();
    assert_eq!((error.exit, error.code.as_str(), outcome(&error)), (Exit::Failed, "hook-failed", Some("rolled_back")));
    assert!(stage.running().is_empty() && stage.noted("committed").is_empty());
}

#[tokio::test]
async fn a_hook_that_fails_when_all_is_live_is_told_and_changes_nothing() {
    // The hook cannot write its file where a folder is.
    let mut stage = Stage::new(TEXT, &[("committed/x", "")]);
    let deployment = stage.deploy(1, &Never, None).await.unwrap();
    assert_eq!((deployment.outcome, stage.running()), (Outcome::Committed, vec![release(1)]));
    let told = std::iter::from_fn(|| stage.scene.told.try_recv().ok());
    let warnings: Vec<String> = told
        .filter_map(|event| match event {
            Event::Deployment(Note::Warning { failure }) => Some(failure.code),
            _ => None,
        })
        .collect();
    assert_eq!(warnings, ["hook-failed"]);
}

#[tokio::test]
async fn who_cancels_gets_everything_as_it_was() {
    let stage = Stage::new(TEXT, &[]);
    stage.scene.context.cancel.cancel();
    let error = stage.deploy(1, &Never, None).await.unwrap_err();
    assert_eq!((error.exit, error.code.as_str()), (Exit::Failed, "cancelled"));
    assert!(stage.running().is_empty());
}

#[tokio::test]
async fn an_environment_that_wants_a_yes_gets_one() {
    let stage = Stage::new(&TEXT.replace("confirm = false", "confirm = true"), &[]);
    let refused = stage.deploy(1, &Never, None).await.unwrap_err();
    assert_eq!((refused.exit, refused.code.as_str()), (Exit::Refused, "approval-missing"));
    assert!(stage.running().is_empty());
    let other = PlanHash(Digest::of(b"another plan"));
    let stale = stage.deploy(1, &Always, Some(other)).await.unwrap_err();
    assert_eq!((stale.exit, stale.code.as_str()), (Exit::Refused, "plan-stale"));
    assert!(stage.running().is_empty());
    let hash = stage.propose(1).await.unwrap().plan.hash();
    assert_eq!(refused.details.unwrap()["plan"]["hash"], hash.to_string());
    let deployment = stage.deploy(1, &Never, Some(hash)).await.unwrap();
    assert_eq!((deployment.outcome, deployment.plan), (Outcome::Committed, hash), "who names the plan has seen it");
}

#[tokio::test]
async fn who_says_yes_gets_what_was_shown() {
    let stage = Stage::new(&TEXT.replace("confirm = false", "confirm = true"), &[]);
    let hash = stage.propose(1).await.unwrap().plan.hash();
    let deployment = stage.deploy(1, &Always, None).await.unwrap();
    assert_eq!((deployment.outcome, deployment.plan), (Outcome::Committed, hash));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_undone_needs_a_person_and_goes_on_when_the_cause_is_gone() {
    let (text, _) = TEXT.split_once("[hooks]").unwrap();
    let mut persons = 0;
    for effect in 0.. {
        let stage = Stage::new(text, &[]);
        stage.deploy(1, &Never, None).await.unwrap();
        stage.machine.calm();
        stage.machine.spoil_effect(effect, EffectFault::Fails(u8::MAX));
        let error = stage.deploy(2, &Never, None).await.unwrap_err();
        let all = stage.machine.count().1 <= effect;
        // The process that gave up lives on here, so its lease has to run out.
        tokio::time::sleep(Duration::from_secs(60)).await;
        if error.exit == Exit::NeedsPerson {
            persons += 1;
            assert_eq!((error.code.as_str(), outcome(&error)), ("rollback-incomplete", Some("undecided")), "effect {effect}");
            assert!(error.message.contains("; and it could not be rolled back: could not undo "), "{}", error.message);
            assert!(error.help.unwrap().ends_with("plimsoll resume local"));
            let again = stage.deploy(1, &Never, None).await.unwrap_err();
            assert_eq!((again.code.as_str(), again.exit), ("rollback-incomplete", Exit::NeedsPerson), "the cause is still there");
            assert!(again.message.starts_with("local: could not undo "), "{}", again.message);
        } else {
            assert_eq!((error.exit, outcome(&error)), (Exit::Failed, Some("rolled_back")), "effect {effect}: {error}");
        }
        stage.machine.calm();
        let deployment = stage.deploy(1, &Never, None).await.unwrap();
        assert_eq!((deployment.outcome, stage.running()), (Outcome::Unchanged, vec![release(1)]), "effect {effect}");
        if all {
            break;
        }
    }
    assert!(persons > 0);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_nobody_answers_at_is_no_deployment() {
    let (text, _) = TEXT.split_once("[hooks]").unwrap();
    let stage = Stage::new(&text.replace("health", "route = { port = 1 }\nhealth"), &[]);
    let error = stage.deploy(1, &Never, None).await.unwrap_err();
    assert_eq!((error.exit, error.code.as_str(), outcome(&error)), (Exit::Failed, "route-check-failed", Some("rolled_back")));
    assert!(stage.running().is_empty());
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a process that is surely gone is one that this test has started")]
async fn what_a_dead_process_left_is_settled_and_a_living_one_is_left_alone() {
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    for (pid, expect, settled) in [(std::process::id(), Some(("lease-held", Exit::Refused)), 0), (ended.id(), None, 1)] {
        let mut stage = Stage::new(TEXT, &[]);
        open(&stage, pid).await;
        let answer = stage.deploy(1, &Never, None).await;
        assert_eq!(answer.as_ref().err().map(|error| (error.code.as_str(), error.exit)), expect, "{answer:?}");
        let told = std::iter::from_fn(|| stage.scene.told.try_recv().ok());
        assert_eq!(told.filter(|event| matches!(event, Event::Settling { .. })).count(), settled);
        assert_eq!(stage.running().len(), settled);
    }
}

/// Begins a deployment in the name of process `pid` of this machine, and does no more.
async fn open(stage: &Stage, pid: u32) {
    let proposal = stage.propose(2).await.unwrap();
    let open = Open {
        id: None,
        host: HostName::local(),
        plan: proposal.plan,
        components: Vec::new(),
        holder: Holder { pid, ..stage.scene.context.holder.clone() },
        reason: None,
        idempotency_key: None,
        secrets: SecretValues::default(),
        certificates: Certificates::default(),
    };
    let _ = stage.fleet.home().open(open).await.unwrap();
}
