//! Ends the daemon of this machine's own host. Starts none only to end it.

use serde::{Deserialize, Serialize};

/// What is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// Its slots and its proxy too: nothing serves any more.
    pub everything: bool,
}

impl Default for Input {
    fn default() -> Self {
        Self { everything: true }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Whether there was one to stop.
    pub stopped: bool,
}
