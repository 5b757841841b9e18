//! What an entry tells.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Mark;
use crate::deployment::{DeploymentRecord, Event, Failure, Holder, Outcome, Stage};
use crate::plan::{Change, Intent};
use crate::time::Moment;
use crate::{DeploymentId, EnvironmentKey, PlanHash};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// Login name.
    pub user: String,
    /// Host name of the machine that they were at.
    pub machine: String,
    /// How they asked for it: `cli`, `mcp`, `dashboard`; `host` where the host acted alone.
    pub surface: String,
}

impl Actor {
    /// A host that acts alone. `user` is who its daemon runs as.
    #[must_use]
    pub fn host(user: impl Into<String>, machine: impl Into<String>) -> Self {
        Self { user: user.into(), machine: machine.into(), surface: "host".into() }
    }
}

impl From<&Holder> for Actor {
    fn from(holder: &Holder) -> Self {
        Self { user: holder.user.clone(), machine: holder.machine.clone(), surface: holder.surface.clone() }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{} ({})", self.user, self.machine, self.surface)
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A source was brought live.
    Deploy,
    /// An environment was returned to what an earlier deployment had made live.
    Rollback,
    /// Databases were brought to other migrations.
    Migrate,
    /// An environment was taken away.
    Down,
    /// A host rolled a deployment back by itself: its lease had run out.
    AutomaticRollback,
    /// A plan was approved.
    Approval,
    /// A deployment that was cut off was settled.
    Resume,
    /// Another key opens a host.
    HostKeys,
    /// A host's daemon was ended, or all of the host.
    HostStop,
    /// Certificates that an authority issues were renewed.
    CertificateRenewal,
    /// Databases were backed up because somebody asked for it.
    Backup,
    /// The data of a backup was put in the place of what a database had.
    Restore,
    /// A host got another build of Plimsoll.
    HostUpgrade,
    /// The oldest entries of this log were taken away.
    Prune,
}

impl Action {
    /// The action that a plan with this intent is.
    #[must_use]
    pub fn of(intent: &Intent) -> Self {
        match intent {
            Intent::Deploy => Self::Deploy,
            Intent::Rollback { .. } => Self::Rollback,
            Intent::Migrate => Self::Migrate,
            Intent::Down => Self::Down,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Deploy => "deploy",
            Action::Rollback => "rollback",
            Action::Migrate => "migrate",
            Action::Down => "down",
            Action::AutomaticRollback => "automatic rollback",
            Action::Approval => "approval",
            Action::Resume => "resume",
            Action::HostKeys => "host keys",
            Action::HostStop => "host stop",
            Action::CertificateRenewal => "certificate renewal",
            Action::Backup => "backup",
            Action::Restore => "restore",
            Action::HostUpgrade => "host upgrade",
            Action::Prune => "prune",
        })
    }
}

/// How it ended, as far as the entry knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It has begun; another entry tells how it ended.
    Begun,
    /// Fully live.
    Committed,
    /// As if it had never begun.
    RolledBack,
    /// It was not allowed, and nothing was done.
    Refused,
    /// It was tried, and did not work.
    Failed,
    /// It was done.
    Done,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ending::Begun => "begun",
            Ending::Committed => "committed",
            Ending::RolledBack => "rolled back",
            Ending::Refused => "refused",
            Ending::Failed => "failed",
            Ending::Done => "done",
        })
    }
}

/// Something that was done, or refused. Never a secret: values of secrets are not known here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deed {
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub action: Action,
    /// How it ended.
    pub outcome: Ending,
    /// To what; absent where it was to the host as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentKey>,
    /// In which deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<DeploymentId>,
    /// By which plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanHash>,
    /// Why, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it began, where that was before the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<Moment>,
    /// Why it was refused or undone: code and message only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What else is to be known, such as what is to change, or which build came after which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The last of the rows that were pruned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pruned: Option<Mark>,
}

/// A deed and when it was put on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// When, by the host's clock.
    pub at: Moment,
    /// What.
    #[serde(flatten)]
    pub deed: Deed,
}

impl Deed {
    /// A deed of which no more is known.
    #[must_use]
    pub fn new(actor: Actor, action: Action, outcome: Ending) -> Self {
        Self {
            actor,
            action,
            outcome,
            environment: None,
            deployment: None,
            plan: None,
            reason: None,
            began_at: None,
            failure: None,
            note: None,
            pruned: None,
        }
    }

    /// The same with what stood against it. Of the failure, neither output nor help is kept.
    #[must_use]
    pub fn because(mut self, failure: &Failure) -> Self {
        self.failure = Some(Failure::new(failure.code.clone(), failure.message.clone()));
        self
    }

    /// The beginning of a deployment, and what it is to change.
    #[must_use]
    pub fn begun(record: &DeploymentRecord) -> Self {
        let changed = record.components.iter().filter(|component| component.change != Change::None);
        let changes: Vec<String> = changed.map(|component| format!("{}: {}", component.name, component.change)).collect();
        let note = (!changes.is_empty()).then(|| changes.join(", "));
        Self { note, ..Self::of(record, Actor::from(&record.holder), Action::of(&record.intent), Ending::Begun) }
    }

    /// What `event` is to the audit log, if anything. `stage` is how far the deployment was before it, `host` the host that it happens on.
    #[must_use]
    pub fn told_by(record: &DeploymentRecord, stage: &Stage, event: &Event, host: &Actor) -> Option<Self> {
        match event {
            Event::RollingBack { failure } if failure.code == LEASE_EXPIRED => {
                Some(Self::of(record, host.clone(), Action::AutomaticRollback, Ending::Begun).because(failure))
            }
            Event::Closed { outcome } => Some(Self::closed(record, stage, *outcome)),
            _ => None,
        }
    }

    fn closed(record: &DeploymentRecord, stage: &Stage, outcome: Outcome) -> Self {
        let ending = if outcome == Outcome::Committed { Ending::Committed } else { Ending::RolledBack };
        let deed = Self { began_at: Some(record.started_at), ..Self::of(record, Actor::from(&record.holder), Action::of(&record.intent), ending) };
        if let Stage::RollingBack { failure } = stage { deed.because(failure) } else { deed }
    }

    fn of(record: &DeploymentRecord, actor: Actor, action: Action, outcome: Ending) -> Self {
        Self {
            environment: Some(record.key.clone()),
            deployment: Some(record.id.clone()),
            plan: Some(record.plan),
            reason: record.reason.clone(),
            ..Self::new(actor, action, outcome)
        }
    }
}

/// The code of the failure for which a host rolls back by itself.
pub const LEASE_EXPIRED: &str = "lease-expired";
