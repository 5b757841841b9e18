//! What a host does to its machine, and whether anything asked for it.

use std::fmt;

use plimsoll_model::database::Direction;
use plimsoll_model::plan::Step;
use plimsoll_model::{ComponentName, ReleaseId, SlotId};

/// One effect on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deed {
    Offer(ReleaseId),
    Take,
    Stage(ComponentName, ReleaseId),
    Unstage(ComponentName, ReleaseId),
    Prune(ReleaseId),
    KeepSecrets(ComponentName),
    SweepSecrets,
    Start(SlotId),
    Stop(SlotId),
    Forget(SlotId),
    Drain(SlotId),
    /// Backs a database up.
    BackUp(ComponentName),
    /// Runs a migration, by its version.
    Migrate(i64, Direction),
    /// Judged by what it changes.
    Apply,
}

impl Deed {
    /// Whether it writes files of releases.
    pub(super) fn needs_space(&self) -> bool {
        matches!(self, Deed::Offer(_) | Deed::Take | Deed::Stage(..) | Deed::KeepSecrets(_))
    }

    /// Whether it belongs to no step: bringing files and values harms nobody.
    pub(super) fn is_free(&self) -> bool {
        matches!(self, Deed::Offer(_) | Deed::Take | Deed::KeepSecrets(_) | Deed::SweepSecrets | Deed::Apply)
    }

    /// Whether this is what doing `step`, or undoing it, is about: what takes its time, and fails when it does.
    pub(super) fn is_work_of(&self, component: &ComponentName, step: &Step, undo: bool) -> bool {
        let is_main = match self {
            Deed::Apply => return matches!(step, Step::Switch { .. }),
            Deed::Start(_) => !matches!(step, Step::Switch { .. }),
            Deed::Stop(_) => !matches!(step, Step::RemoveSlot { .. }),
            Deed::Unstage(..) => undo,
            Deed::Drain(_) => false,
            Deed::Forget(_) => !undo,
            _ => true,
        };
        is_main && self.is_asked_by(component, step, undo)
    }

    /// Whether doing `step` of `component`, or undoing it, asks for this.
    pub(super) fn is_asked_by(&self, component: &ComponentName, step: &Step, undo: bool) -> bool {
        match (self, step, undo) {
            (Deed::Stage(of, what), Step::StageRelease { release, .. }, false)
            | (Deed::Unstage(of, what), Step::StageRelease { release, .. }, true)
            | (Deed::Unstage(of, what), Step::PruneRelease { release }, false) => (of, what) == (component, release),
            (Deed::BackUp(of), Step::BackUp { .. } | Step::Restore { .. }, false) | (Deed::BackUp(of), Step::PutBack { .. }, _) => of == component,
            (Deed::Migrate(version, way), Step::Migrate { migration, direction, .. }, undo) => {
                *version == migration.version && if undo { (*way, *direction) == (Direction::Down, Direction::Up) } else { way == direction }
            }
            (Deed::Prune(what), Step::PruneRelease { release }, false) => what == release,
            (Deed::Start(what), Step::StartSlot { slot, .. }, false) | (Deed::Start(what), Step::StopSlot { slot, .. }, true) => what == slot,
            // What a route is switched to is brought up when it was lost.
            (Deed::Start(what), Step::Switch { from, to }, _) => {
                let served = if undo { from } else { to };
                served.as_ref().and_then(|served| served.target.slot()) == Some(what)
            }
            (Deed::Stop(what) | Deed::Drain(what), Step::StopSlot { slot, .. }, false)
            | (Deed::Stop(what) | Deed::Drain(what) | Deed::Forget(what), Step::StartSlot { slot, .. }, true) => what == slot,
            // A tool is run as a slot of its database.
            (Deed::Start(what) | Deed::Stop(what) | Deed::Forget(what), Step::RunTool(_), _) => {
                what.as_str().rsplit_once('-').is_some_and(|(of, _)| of == component.as_str())
            }
            // A slot that did not stop in its own step is stopped before it is removed.
            (Deed::Stop(what) | Deed::Drain(what) | Deed::Forget(what), Step::RemoveSlot { slot }, false) => what == slot,
            _ => false,
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deed::Offer(release) => write!(f, "is offered release {}", release.short()),
            Deed::Take => f.write_str("takes a file"),
            Deed::Stage(component, release) => write!(f, "stages {component} {}", release.short()),
            Deed::Unstage(component, release) => write!(f, "unstages {component} {}", release.short()),
            Deed::Prune(release) => write!(f, "prunes {}", release.short()),
            Deed::KeepSecrets(component) => write!(f, "keeps secrets of {component}"),
            Deed::SweepSecrets => f.write_str("sweeps secrets"),
            Deed::Start(slot) => write!(f, "starts {slot}"),
            Deed::Stop(slot) => write!(f, "stops {slot}"),
            Deed::Forget(slot) => write!(f, "forgets {slot}"),
            Deed::Drain(slot) => write!(f, "drains {slot}"),
            Deed::BackUp(database) => write!(f, "backs up {database}"),
            Deed::Migrate(version, direction) => write!(f, "runs migration {version} {direction}"),
            Deed::Apply => f.write_str("applies routes"),
        }
    }
}
