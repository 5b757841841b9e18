//! Describes the manifest: for programs and for people.

use plimsoll_model::manifest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// The same twice, from one table of keys.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// A JSON Schema document.
    pub schema: serde_json::Value,
    /// A page in Markdown that lists every key.
    pub reference: String,
}

/// Describes what the manifest is judged by.
///
/// # Errors
/// None.
pub async fn run(_: &Context, _: Input, _: &Progress) -> Result<Output, OpError> {
    Ok(Output { schema: manifest::schema(), reference: manifest::reference() })
}
