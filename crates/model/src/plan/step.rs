//! Steps: what a host does, one thing each, as data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DatabaseAt, Served, Target, ToolRun};
use crate::check::HealthCheck;
use crate::database::{Direction, Migration};
use crate::route::{Enrolment, Match};
use crate::slot::ProcessSpec;
use crate::{BackupId, ComponentName, ConfigHash, Digest, RelPath, ReleaseId, SlotId};

/// One thing that a host does. Doing it twice does no more than doing it once, and so does undoing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a plan has few steps, and they are looked at where they lie")]
pub enum Step {
    /// Lays a release out as a folder. Undone by taking the folder away.
    StageRelease {
        /// The release.
        release: ReleaseId,
        /// What outlives it.
        shared: Vec<RelPath>,
        /// The component that shares it, where that is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<ComponentName>,
    },
    /// Has a valid certificate there: from an authority that is asked for one unless there is one. Nothing to undo, as nobody is shown it.
    Enrol {
        /// Which certificate, and from whom.
        enrolment: Enrolment,
        /// The port of plain HTTP where the authority is shown its proof.
        port: u16,
    },
    /// Backs a database up as it is, verifies the backup, and deletes those that nothing keeps. It is called as the deployment. Nothing to undo.
    BackUp {
        /// The database.
        database: DatabaseAt,
        /// How many backups of it are kept.
        keep: u32,
    },
    /// Puts the data of a backup into a database that has none. Not undone: nobody was served from what there was before.
    Restore {
        /// The database.
        database: DatabaseAt,
        /// The backup, which the host has.
        backup: BackupId,
    },
    /// Puts the data of a backup in the place of what a database has, while nothing may write to it. Undone by putting that back which
    /// [`Step::BackUp`] has kept right before it.
    PutBack {
        /// The database.
        database: DatabaseAt,
        /// The backup, which the host has.
        backup: BackupId,
    },
    /// Runs one migration, unless the database is past it already. One that is applied is undone by its other file, where there is one; one is
    /// taken back only after the decision.
    Migrate {
        /// The database.
        database: DatabaseAt,
        /// The release that holds its files.
        release: ReleaseId,
        /// The migration.
        migration: Migration,
        /// Which way.
        direction: Direction,
    },
    /// Runs the project's own tool, unless the schema is at the level that it would lead to. Undone by leading it back to the level that it had, where
    /// the tool can; one that leads back runs only after the decision.
    RunTool(ToolRun),
    /// Starts a slot. Undone by stopping it and forgetting it.
    StartSlot {
        /// Its name.
        slot: SlotId,
        /// The release that it runs.
        release: ReleaseId,
        /// How it is configured.
        config: ConfigHash,
        /// The same in full.
        spec: ProcessSpec,
    },
    /// Waits until a slot is healthy. Nothing to undo.
    AwaitHealthy {
        /// The slot.
        slot: SlotId,
        /// What is asked.
        check: HealthCheck,
        /// For how long at most, in milliseconds.
        within_ms: u64,
    },
    /// Makes another target serve. Undone by making the former one serve again.
    Switch {
        /// What serves before.
        from: Option<Served>,
        /// What serves after.
        to: Option<Served>,
    },
    /// Asks through the route, as a client would. Nothing to undo.
    CheckRoute {
        /// The route.
        matches: Match,
        /// The path to GET.
        path: String,
        /// For how long at most, in milliseconds.
        within_ms: u64,
        /// The certificate that it has to show, when it speaks TLS.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Digest>,
    },
    /// Lets the requests of a slot finish, then stops it. Undone by starting it again and waiting until it is healthy.
    StopSlot {
        /// The slot.
        slot: SlotId,
        /// How long requests may take to finish, and the program to stop, in milliseconds.
        drain_ms: u64,
    },
    /// Forgets a stopped slot. Only done after the decision.
    RemoveSlot {
        /// The slot.
        slot: SlotId,
    },
    /// Deletes a release that nothing needs any more. Only done after the decision.
    PruneRelease {
        /// The release.
        release: ReleaseId,
    },
}

/// What sort of thing a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// See [`Step::StageRelease`].
    StageRelease,
    /// See [`Step::Enrol`].
    Enrol,
    /// See [`Step::BackUp`].
    BackUp,
    /// See [`Step::Restore`].
    Restore,
    /// See [`Step::PutBack`].
    PutBack,
    /// See [`Step::Migrate`].
    Migrate,
    /// See [`Step::RunTool`].
    RunTool,
    /// See [`Step::StartSlot`].
    StartSlot,
    /// See [`Step::AwaitHealthy`].
    AwaitHealthy,
    /// See [`Step::Switch`].
    Switch,
    /// See [`Step::CheckRoute`].
    CheckRoute,
    /// See [`Step::StopSlot`].
    StopSlot,
    /// See [`Step::RemoveSlot`].
    RemoveSlot,
    /// See [`Step::PruneRelease`].
    PruneRelease,
}

impl Step {
    /// What sort of thing it does.
    #[must_use]
    pub fn kind(&self) -> StepKind {
        match self {
            Step::StageRelease { .. } => StepKind::StageRelease,
            Step::Enrol { .. } => StepKind::Enrol,
            Step::BackUp { .. } => StepKind::BackUp,
            Step::Restore { .. } => StepKind::Restore,
            Step::PutBack { .. } => StepKind::PutBack,
            Step::Migrate { .. } => StepKind::Migrate,
            Step::RunTool(_) => StepKind::RunTool,
            Step::StartSlot { .. } => StepKind::StartSlot,
            Step::AwaitHealthy { .. } => StepKind::AwaitHealthy,
            Step::Switch { .. } => StepKind::Switch,
            Step::CheckRoute { .. } => StepKind::CheckRoute,
            Step::StopSlot { .. } => StepKind::StopSlot,
            Step::RemoveSlot { .. } => StepKind::RemoveSlot,
            Step::PruneRelease { .. } => StepKind::PruneRelease,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::StageRelease { release, .. } => write!(f, "stage release {}", release.short()),
            Step::Enrol { enrolment, .. } => write!(f, "have a certificate for {} issued by {}", enrolment.host, enrolment.directory),
            Step::BackUp { .. } => f.write_str("back up what there is, and verify that"),
            Step::Restore { backup, .. } => write!(f, "restore backup {backup}"),
            Step::PutBack { backup, .. } => write!(f, "put the data of backup {backup} back"),
            Step::Migrate { migration, direction: Direction::Up, .. } => write!(f, "apply migration {migration}"),
            Step::Migrate { migration, direction: Direction::Down, .. } => write!(f, "undo migration {migration}"),
            Step::RunTool(run) => write!(f, "run `{}`", run.command()),
            Step::StartSlot { slot, .. } => write!(f, "start slot {slot}"),
            Step::AwaitHealthy { slot, .. } => write!(f, "wait until slot {slot} is healthy"),
            Step::Switch { to: Some(to), .. } => match to.target.slot() {
                Some(slot) => write!(f, "switch to slot {slot}"),
                None if matches!(to.target, Target::Database { .. }) => write!(f, "record the migrations of release {}", to.release.short()),
                None => write!(f, "switch to release {}", to.release.short()),
            },
            Step::Switch { to: None, .. } => f.write_str("take the route away"),
            Step::CheckRoute { matches, path, certificate: None, .. } => write!(f, "check the route: port {} {path}", matches.port),
            Step::CheckRoute { matches, path, certificate: Some(certificate), .. } => {
                write!(f, "check the route: port {} {path} with certificate {}", matches.port, certificate.short())
            }
            Step::StopSlot { slot, .. } => write!(f, "drain and stop slot {slot}"),
            Step::RemoveSlot { slot } => write!(f, "remove slot {slot}"),
            Step::PruneRelease { release } => write!(f, "prune release {}", release.short()),
        }
    }
}

/// The part of a deployment that a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The old release keeps serving.
    Prepare,
    /// The route flips.
    Switch,
    /// The new release is asked.
    Verify,
    /// After the decision: nothing is undone any more.
    Commit,
}

impl Phase {
    /// The phases that can be undone, in their order.
    pub const FORWARD: [Phase; 3] = [Phase::Prepare, Phase::Switch, Phase::Verify];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Prepare => "prepare",
            Phase::Switch => "switch",
            Phase::Verify => "verify",
            Phase::Commit => "commit",
        })
    }
}

/// The steps of one component on one host, by phase, each list in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Steps {
    /// See [`Phase::Prepare`].
    pub prepare: Vec<Step>,
    /// See [`Phase::Switch`].
    pub switch: Vec<Step>,
    /// See [`Phase::Verify`].
    pub verify: Vec<Step>,
    /// See [`Phase::Commit`].
    pub commit: Vec<Step>,
}

impl Steps {
    /// The steps of one phase.
    #[must_use]
    pub fn of(&self, phase: Phase) -> &[Step] {
        match phase {
            Phase::Prepare => &self.prepare,
            Phase::Switch => &self.switch,
            Phase::Verify => &self.verify,
            Phase::Commit => &self.commit,
        }
    }
}

/// Points at a step of a plan's part for one host. The order is that of execution within one component.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct StepRef {
    /// The level, from 0.
    pub level: u32,
    /// The phase.
    pub phase: Phase,
    /// The component.
    pub component: ComponentName,
    /// The place in the phase, from 0.
    pub index: u32,
}

impl fmt::Display for StepRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "level {} {} {} step {}", u64::from(self.level) + 1, self.component, self.phase, u64::from(self.index) + 1)
    }
}
