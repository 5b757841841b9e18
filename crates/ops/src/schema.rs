//! Describes the manifest, or what an operation answers: for programs and for people.

use plimsoll_model::manifest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Exit, OPERATIONS, OpError, Progress, answers};

/// What is described.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The operation whose answers are; the manifest when there is none.
    #[serde(default)]
    pub operation: Option<String>,
}

/// A description.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Output {
    /// A JSON Schema document.
    pub schema: serde_json::Value,
    /// A page in Markdown that lists every key, of the manifest; made of the same table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Describes what the manifest is judged by, or the documents that an operation answers with.
///
/// # Errors
/// There is no such operation.
pub async fn run(_: &Context, input: Input, _: &Progress) -> Result<Output, OpError> {
    match input.operation {
        None => Ok(Output { schema: manifest::schema(), reference: Some(manifest::reference()) }),
        Some(operation) => {
            let schema = answers::of(&operation).ok_or_else(|| unknown(&operation))?;
            Ok(Output { schema, reference: None })
        }
    }
}

fn unknown(operation: &str) -> OpError {
    let help = format!("there are {}", OPERATIONS.join(", "));
    OpError::new(Exit::Usage, "unknown-operation", format!("there is no operation {operation}")).with_help(help)
}
