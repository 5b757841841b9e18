//! Checks: one question with a yes/no answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How to find out whether a slot serves.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct HealthCheck {
    /// What is asked.
    pub question: Question,
    /// Longest time between two tries while it is not healthy yet, in milliseconds. The first tries come
    /// quicker, and back off up to it.
    pub interval_ms: u64,
    /// Longest time for one try, in milliseconds.
    pub timeout_ms: u64,
}

/// What a health check asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// A GET of this path answers with a status of 200 to 299.
    Http {
        /// Path, with a leading slash.
        path: String,
    },
    /// The port accepts a connection.
    Connect,
    /// The process is still up after this time, in milliseconds: for what listens nowhere.
    StaysUp {
        /// Milliseconds.
        for_ms: u64,
    },
}
