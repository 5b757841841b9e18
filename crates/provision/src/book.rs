//! What was done to a server, with what undoes it: written before each deed, so that whatever was begun can be undone.

use serde::{Deserialize, Serialize};

use crate::deed::{Command, Owner};
use crate::machine::Machine;

/// Where it is kept.
const PATH: &str = "/var/lib/plimsoll-provision/book.json";

/// The newest form of it.
const VERSION: u32 = 1;

/// Everything that can be undone, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    version: u32,
    /// How often something was begun.
    runs: u32,
    entries: Vec<Entry>,
}

/// One deed, undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// In which run it was done.
    pub run: u32,
    /// The measure that it belongs to.
    pub measure: String,
    /// What undoes it.
    pub undo: Undo,
}

/// What undoes a deed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "snake_case")]
pub(crate) enum Undo {
    /// A file gets its former content back, byte for byte.
    Restore { path: String, content: Vec<u8>, mode: u32, owner: Owner },
    /// A file that was not there goes.
    Remove { path: String },
    /// A command is run.
    Run { command: Command },
}

/// How far back undoing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HowFar {
    /// To where the server was before the last run.
    LastRun,
    /// To where it was before anything was done to it.
    AllTheWay,
}

impl Default for Book {
    fn default() -> Self {
        Self { version: VERSION, runs: 0, entries: Vec::new() }
    }
}

impl Book {
    /// Reads it; one that is missing is empty.
    ///
    /// # Errors
    /// It cannot be read or understood, or is of a newer version: in words.
    pub fn read(machine: &impl Machine) -> Result<Self, String> {
        let told = |why: String| format!("{PATH} cannot be used: {why}");
        let Some(bytes) = machine.read(PATH).map_err(|error| told(error.to_string()))? else { return Ok(Self::default()) };
        let book: Self = serde_json::from_slice(&bytes).map_err(|error| told(error.to_string()))?;
        if book.version > VERSION { Err(told("a newer plimsoll has written it".into())) } else { Ok(book) }
    }

    /// Whether anything was ever done for a measure that stands.
    pub(crate) fn knows(&self, measure: &str) -> bool {
        self.entries.iter().any(|entry| entry.measure == measure)
    }

    /// Begins a run: what is noted from now on is told from what was done before.
    pub(crate) fn begin(&mut self) {
        self.runs += 1;
    }

    /// Notes what undoes a deed that is about to be done. What this run has noted of the same file or command stays: it leads further back.
    pub(crate) fn note(&mut self, machine: &mut impl Machine, measure: &str, undo: Undo) -> Result<(), String> {
        if self.entries.iter().any(|known| known.run == self.runs && known.undo.is_same_place(&undo)) {
            return Ok(());
        }
        self.entries.push(Entry { run: self.runs, measure: measure.into(), undo });
        self.write(machine)
    }

    /// What undoes `measures`, the newest first: all that was ever done for them, or what the last run did.
    pub(crate) fn of(&self, measures: &[&str], how_far: HowFar) -> Vec<Entry> {
        let wanted = |entry: &&Entry| {
            let recent = how_far == HowFar::AllTheWay || entry.run == self.runs;
            recent && measures.contains(&entry.measure.as_str())
        };
        self.entries.iter().rev().filter(wanted).cloned().collect()
    }

    /// Forgets an entry that was undone.
    pub(crate) fn forget(&mut self, machine: &mut impl Machine, entry: &Entry) -> Result<(), String> {
        self.entries.retain(|known| known != entry);
        if self.entries.is_empty() {
            return machine.remove(PATH).map_err(|error| format!("{PATH} cannot be deleted: {error}"));
        }
        self.write(machine)
    }

    fn write(&self, machine: &mut impl Machine) -> Result<(), String> {
        let text = serde_json::to_vec(self).expect("a book is made of strings and numbers");
        machine.write(PATH, &text, 0o600, &Owner::Root).map_err(|error| format!("{PATH} cannot be written: {error}"))
    }
}

impl Undo {
    /// Whether both speak of the same file, or of the same command.
    fn is_same_place(&self, other: &Self) -> bool {
        match (self.path(), other.path()) {
            (Some(one), Some(other)) => one == other,
            _ => self == other,
        }
    }

    fn path(&self) -> Option<&str> {
        match self {
            Self::Restore { path, .. } | Self::Remove { path } => Some(path),
            Self::Run { .. } => None,
        }
    }
}
