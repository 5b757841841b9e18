//! Gives the JSON Schema of the manifest.

use serde::{Deserialize, Serialize};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// The schema.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// A JSON Schema document.
    pub schema: serde_json::Value,
}
