//! What keeper and daemon say to each other: JSON, one document a line.
//!
//! A keeper is older than the daemon that finds it again, so what is sent here must stay readable.

use serde::{Deserialize, Serialize};

use crate::KeptState;

/// The version of these documents.
pub(crate) const VERSION: u32 = 1;

/// From the keeper: how things are now. One is sent on connection, and one at each change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// See [`VERSION`].
    pub version: u32,
    /// How the program is.
    pub state: KeptState,
    /// Set as soon as the keeper was asked to stop.
    #[serde(default)]
    pub stopping: bool,
    /// Set in the last report of a keeper that was asked to stop: everything is gone, itself included.
    #[serde(default)]
    pub over: bool,
}

/// The part of a document that tells whether the rest can be read.
#[derive(Deserialize)]
pub(crate) struct Version {
    /// Its version.
    pub version: u32,
}

/// To the keeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Stop the program, and end.
    Stop {
        /// How long it may take after `SIGTERM`, in milliseconds.
        grace_ms: u64,
    },
}

/// `document` as a line.
pub(crate) fn line(document: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(document).expect("these documents are strings and numbers");
    line.push(b'\n');
    line
}
