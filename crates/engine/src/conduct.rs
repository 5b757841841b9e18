//! What the coordinator is given, and what it tells.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use plimsoll_api::{Certificates, HostEvent, SecretValues};
use plimsoll_model::deployment::{ComponentChange, Failure, Holder, Outcome};
use plimsoll_model::plan::{Phase, Plan};
use plimsoll_model::release::ReleaseManifest;
use plimsoll_model::route::Match;
use plimsoll_model::{ComponentName, DeploymentId, Digest, HostName};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Fleet;

/// One execution of a plan: all that it needs.
pub struct Conduct<'a> {
    /// The hosts.
    pub fleet: &'a Fleet,
    /// What is to be done.
    pub plan: &'a Plan,
    /// The releases that hosts may lack, with the files that they are made of.
    pub shipments: &'a BTreeMap<ComponentName, Shipment>,
    /// What it changes, for the record.
    pub components: Vec<ComponentChange>,
    /// Who runs it.
    pub holder: Holder,
    /// Why.
    pub reason: Option<String>,
    /// The name that its caller gave the call, for the record.
    pub idempotency_key: Option<String>,
    /// The values of the secrets that slots get.
    pub secrets: SecretValues,
    /// The certificates that routes show.
    pub certificates: Certificates,
    /// Asks from outside, and runs what is to be run at milestones.
    pub outside: &'a dyn Outside,
    /// Where it tells what happens.
    pub notes: Notes,
    /// Ends the deployment: it rolls back. After the decision it has no effect.
    pub cancel: CancellationToken,
}

/// A release that is to be brought to hosts.
#[derive(Debug, Clone)]
pub struct Shipment {
    /// What it consists of.
    pub manifest: ReleaseManifest,
    /// Where the content of each file is.
    pub files: BTreeMap<Digest, PathBuf>,
}

/// What lies outside of the hosts.
#[async_trait]
pub trait Outside: Send + Sync {
    /// Asks a route, as any client would.
    async fn check(&self, host: &HostName, check: &RouteCheck) -> Result<(), Failure>;

    /// Told that a milestone is reached. A failure before the switch rolls the deployment back.
    async fn reached(&self, id: &DeploymentId, milestone: Milestone) -> Result<(), Failure>;
}

/// A question to a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteCheck {
    /// The component that should answer.
    pub component: ComponentName,
    /// The route.
    pub matches: Match,
    /// What to GET.
    pub path: String,
    /// The certificate that it has to show, when it speaks TLS.
    pub certificate: Option<Digest>,
}

/// A point at which something outside may be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Milestone {
    /// The first level is prepared; nothing is switched yet.
    BeforeSwitch,
    /// Everything is live.
    AfterCommit,
    /// Everything is as it was.
    AfterRollback(Failure),
}

/// Where notes go. A reader that is gone disturbs nothing.
pub type Notes = mpsc::UnboundedSender<Note>;

/// Something worth telling that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The deployment has begun on all hosts.
    Opened {
        /// Its name.
        deployment: DeploymentId,
    },
    /// Files are being brought to a host.
    Uploading {
        /// The host.
        host: HostName,
        /// The component that they belong to.
        component: ComponentName,
        /// How many files.
        files: usize,
        /// Their sizes together, in bytes.
        bytes: u64,
    },
    /// A phase of a level begins.
    Phase {
        /// Level, from 0.
        level: u32,
        /// The phase.
        phase: Phase,
    },
    /// Something happened to a step on a host.
    Step {
        /// The host.
        host: HostName,
        /// What.
        #[serde(flatten)]
        event: HostEvent,
    },
    /// A host does not answer; the coordinator goes on trying.
    Waiting {
        /// The host.
        host: HostName,
        /// What happened.
        why: String,
    },
    /// All routes are being asked from outside.
    Verifying,
    /// The decision is taken: the deployment is live.
    Decided,
    /// Everything is being undone.
    RollingBack {
        /// Why.
        failure: Failure,
    },
    /// Something failed that changes nothing of how the deployment ends.
    Warning {
        /// What.
        failure: Failure,
    },
}

/// How a deployment ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Its name; none when there was nothing to do.
    pub id: Option<DeploymentId>,
    /// How.
    pub outcome: Outcome,
    /// What went wrong, when it is not live.
    pub failure: Option<Failure>,
    /// What is left to do on a host and does no harm.
    pub leftovers: Vec<Failure>,
    /// Why it needs a person, when it is undecided.
    pub stuck: Option<Failure>,
}

impl Conduct<'_> {
    /// Tells who listens. That nobody does is no trouble.
    pub(crate) fn note(&self, note: Note) {
        drop(self.notes.send(note));
    }
}
