//! The ledger on real files.

mod audit;
mod changes;
mod journal;
mod troubles;

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_model::deployment::{DeploymentRecord, Failure, Holder, Stage};
use plimsoll_model::plan::{Desired, Intent, PLAN_VERSION, Phase, Plan, StepRef};
use plimsoll_model::source::Source;
use plimsoll_model::time::Moment;
use plimsoll_model::{ComponentName, DeploymentId, Digest, EnvironmentKey, EnvironmentName, HostName, ProjectName, ReleaseId};
use tempfile::TempDir;

use super::SqliteLedger;
use crate::ledger::Stored;

/// A ledger in a folder that goes when it is dropped.
struct Kept {
    folder: TempDir,
    ledger: SqliteLedger,
}

impl Kept {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("ledger.sqlite")).await.unwrap();
        Self { folder, ledger }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite")
    }

    async fn reopened(self) -> Self {
        drop(self.ledger);
        let ledger = SqliteLedger::open(&self.folder.path().join("ledger.sqlite")).await.unwrap();
        Self { folder: self.folder, ledger }
    }
}

fn key(environment: &str) -> EnvironmentKey {
    EnvironmentKey { project: ProjectName::new("shop").unwrap(), environment: EnvironmentName::new(environment).unwrap() }
}

fn id(text: &str) -> DeploymentId {
    DeploymentId::new(text).unwrap()
}

fn component(text: &str) -> ComponentName {
    ComponentName::new(text).unwrap()
}

fn release(n: u32) -> ReleaseId {
    ReleaseId(Digest::of(&n.to_be_bytes()))
}

fn failure(code: &str) -> Failure {
    Failure::new(code, format!("{code} happened")).with_help("look").with_output(vec!["last line".into()])
}

fn step(phase: Phase, name: &str, index: u32) -> StepRef {
    StepRef { level: 0, phase, component: component(name), index }
}

fn plan(environment: &str) -> Plan {
    Plan {
        version: PLAN_VERSION,
        key: key(environment),
        intent: Intent::Deploy,
        source: Source { version: "1.2.3".into(), ..Source::default() },
        home: HostName::local(),
        lease_ms: 30_000,
        levels: Vec::new(),
        policy: None,
        expects: BTreeMap::new(),
        desired: Desired::default(),
    }
}

/// A deployment that has just begun.
fn begun(name: &str, environment: &str) -> Stored {
    let plan = plan(environment);
    let record = DeploymentRecord {
        id: id(name),
        key: key(environment),
        plan: plan.hash(),
        intent: plan.intent.clone(),
        source: plan.source.clone(),
        holder: Holder { user: "ada".into(), machine: "desk".into(), pid: 7, surface: "cli".into() },
        reason: Some("a reason".into()),
        idempotency_key: None,
        approval: None,
        started_at: Moment(1_000),
        ended_at: None,
        stage: Stage::Running,
        failure: None,
        components: Vec::new(),
        leftovers: Vec::new(),
        desired: plan.desired.clone(),
    };
    Stored { record, plan, host: HostName::local(), lease_until: Moment(31_000), journal: Vec::new() }
}
