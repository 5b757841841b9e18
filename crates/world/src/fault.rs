//! What is to go wrong on a machine, and when.

use std::collections::BTreeMap;

use super::deed::Deed;

/// When, relative to a journal record or an effect, the host process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// It does not come to it.
    Before,
    /// It is done, and whoever did it does not learn so.
    After,
}

/// A crash to come: at the journal record with this number, counted from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crash {
    /// How many records are written before.
    pub record: usize,
    /// Before or after it is written.
    pub moment: Moment,
}

/// What goes wrong with a journal record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFault {
    /// The host process dies.
    Dies(Moment),
    /// It cannot be written.
    Fails,
}

/// What goes wrong with an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectFault {
    /// It fails, and so do this many tries in all.
    Fails(u8),
    /// It happens, and is told as a failure.
    Half,
    /// It takes this long, in milliseconds, before or after it happens.
    Hangs(u64, Moment),
    /// The host process dies.
    Dies(Moment),
}

/// What is to go wrong, by the number of the record or the effect, counted from when it was said.
#[derive(Default)]
pub(super) struct Faults {
    pub(super) records: BTreeMap<usize, RecordFault>,
    pub(super) effects: BTreeMap<usize, EffectFault>,
    /// What keeps failing, and how often still.
    pub(super) broken: Option<(Deed, u8)>,
    /// Until when the disk is full, in milliseconds since the world began.
    pub(super) full_until_ms: u64,
    pub(super) records_seen: usize,
    pub(super) effects_seen: usize,
}

impl Faults {
    pub(super) fn of_record(&mut self) -> Option<RecordFault> {
        self.records_seen += 1;
        self.records.remove(&(self.records_seen - 1))
    }

    pub(super) fn of_effect(&mut self, deed: &Deed, now_ms: u64) -> Option<EffectFault> {
        self.effects_seen += 1;
        let fault = self.effects.remove(&(self.effects_seen - 1));
        if let Some(EffectFault::Fails(times)) = fault {
            self.broken = Some((deed.clone(), times));
        }
        if let Some((_, left)) = self.broken.as_mut().filter(|(broken, left)| broken == deed && *left > 0) {
            *left -= 1;
            return Some(EffectFault::Fails(*left));
        }
        let full = deed.needs_space() && now_ms < self.full_until_ms;
        if full { Some(EffectFault::Fails(0)) } else { fault }
    }
}

impl RecordFault {
    /// What it is counted as.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Dies(Moment::Before) => "host dies before a record",
            Self::Dies(Moment::After) => "host dies after a record",
            Self::Fails => "record cannot be written",
        }
    }
}

impl EffectFault {
    /// What it is counted as.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Fails(_) => "effect fails",
            Self::Half => "effect half happens",
            Self::Hangs(..) => "effect hangs",
            Self::Dies(_) => "host dies at an effect",
        }
    }
}
