//! How long the steps of a deployment take on a machine, and which of them is to fail.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::plan::StepRef;

use super::Machine;
use super::books::Active;
use super::machine::State;

/// What becomes of steps, beside what they do.
#[derive(Default)]
pub(super) struct Tempo {
    /// How long each takes, and undoing it, in milliseconds.
    takes: BTreeMap<StepRef, (u64, u64)>,
    /// Those whose time has passed: done, or undone.
    passed: BTreeSet<(StepRef, bool)>,
    broken: Option<StepRef>,
}

/// What a step that is under way has to do still.
pub(super) struct Work {
    pub(super) at: StepRef,
    /// How long it takes, in milliseconds.
    pub(super) ms: u64,
    pub(super) fails: bool,
}

impl Machine {
    /// Lets a step take this long, and undoing it, in milliseconds.
    pub fn takes(&self, at: StepRef, ms: u64, undo_ms: u64) {
        self.state().tempo.takes.insert(at, (ms, undo_ms));
    }

    /// Lets a step fail, whenever it is tried. Undoing it works.
    pub fn breaks(&self, at: StepRef) {
        self.state().tempo.broken = Some(at);
    }
}

impl State {
    /// What the step under way that `is_it` has to do still, unless its time has passed and it does not fail.
    pub(super) fn begin_work(&mut self, is_it: impl Fn(&Active<'_>) -> bool) -> Option<Work> {
        let Tempo { takes, passed, broken } = &mut self.tempo;
        if takes.is_empty() && broken.is_none() {
            return None;
        }
        let (at, undo) = self.books.active().find(|active| is_it(active)).map(|active| (active.at.clone(), active.undo))?;
        let (ms, undo_ms) = takes.get(&at).copied().unwrap_or_default();
        let ms = if undo { undo_ms } else { ms };
        let fails = !undo && broken.as_ref() == Some(&at);
        let is_first = passed.insert((at.clone(), undo));
        (is_first || fails).then_some(Work { at, ms: if is_first { ms } else { 0 }, fails })
    }
}
