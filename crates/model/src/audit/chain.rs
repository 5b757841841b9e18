//! Rows, and how each is tied to the one before it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::Digest;

/// A place in the chain: a row's number and hash. Whoever has one can tell whether anything up to it was tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// The row's number.
    pub seq: u64,
    /// Its hash.
    pub hash: Digest,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// Its number, from 1.
    pub seq: u64,
    /// The hash of the row before it.
    pub previous: Digest,
    /// Its own: of the hash before it (32 bytes) and the text of its entry.
    pub hash: Digest,
    /// The JSON of an [`Entry`], just as it was hashed.
    pub entry: String,
}

impl Mark {
    /// Where a chain begins: before its first row.
    pub const START: Mark = Mark { seq: 0, hash: Digest::ZERO };

    /// The row that tells `entry` next.
    #[must_use]
    pub fn next(&self, entry: &Entry) -> Row {
        let entry = serde_json::to_string(entry).expect("an entry is made of strings and numbers");
        Row { seq: self.seq + 1, previous: self.hash, hash: tie(&self.hash, &entry), entry }
    }
}

impl Row {
    /// Its place in the chain.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark { seq: self.seq, hash: self.hash }
    }

    /// What it tells; none when its text is no entry, as after tampering.
    #[must_use]
    pub fn read(&self) -> Option<Entry> {
        serde_json::from_str(&self.entry).ok()
    }

    /// Whether its hash is that of its text.
    pub(super) fn is_itself(&self) -> bool {
        self.hash == tie(&self.previous, &self.entry)
    }
}

fn tie(previous: &Digest, entry: &str) -> Digest {
    Digest::of(&[&previous.as_bytes()[..], entry.as_bytes()].concat())
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// A text is not `NUMBER:HASH`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a place in the audit log is written NUMBER:HASH")]
pub struct MarkError;

impl std::str::FromStr for Mark {
    type Err = MarkError;
    fn from_str(text: &str) -> Result<Self, MarkError> {
        let (seq, hash) = text.split_once(':').ok_or(MarkError)?;
        Ok(Self { seq: seq.parse().map_err(|_| MarkError)?, hash: hash.parse().map_err(|_| MarkError)? })
    }
}
