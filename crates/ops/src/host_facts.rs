//! Tells what this machine's own host is. Starts its daemon when none runs.

use serde::{Deserialize, Serialize};

use crate::Facts;

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// The host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// What it is.
    pub facts: Facts,
}
