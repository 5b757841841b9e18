//! Gives the JSON Schema of the manifest.

use plimsoll_model::manifest;
use serde::{Deserialize, Serialize};

use crate::{Context, OpError, Progress};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// The schema.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// A JSON Schema document.
    pub schema: serde_json::Value,
}

/// Gives the schema that the manifest is judged by.
///
/// # Errors
/// None.
pub async fn run(_: &Context, _: Input, _: &Progress) -> Result<Output, OpError> {
    Ok(Output { schema: manifest::schema() })
}
