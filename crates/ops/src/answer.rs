//! What every surface answers: one JSON document.

use std::path::Path;

use plimsoll_model::deployment::Outcome;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{DeploymentView, OpError};

/// The document that ends every command that was given `--json`, and that every tool answers with.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// Whether it did what it was asked.
    pub success: bool,
    /// Stable name of how it ended.
    pub code: String,
    /// What it has to say: the output of the operation, or what is known of why it failed.
    pub details: Value,
    /// What to do next.
    pub help: Option<String>,
}

impl Answer {
    /// How an operation ended that did what it was asked.
    ///
    /// # Panics
    /// The output has maps whose keys are no strings.
    pub fn done(code: &str, output: &impl Serialize) -> Self {
        let details = serde_json::to_value(output).expect("outputs of operations are made of strings, numbers and maps with string keys");
        Self { success: true, code: code.to_owned(), details, help: None }
    }

    /// How a deployment ended: `code` when it is live, `unchanged` when there was nothing to do.
    pub fn of_deployment(code: &str, deployment: &DeploymentView, output: &impl Serialize) -> Self {
        Self::done(if deployment.outcome == Outcome::Unchanged { "unchanged" } else { code }, output)
    }

    /// How an operation ended that failed. `log` is where its log is.
    #[must_use]
    pub fn of_error(error: &OpError, log: Option<&Path>) -> Self {
        let mut details = match &error.details {
            Some(Value::Object(known)) => known.clone(),
            Some(other) => Map::from_iter([("known".to_owned(), other.clone())]),
            None => Map::new(),
        };
        details.insert("message".into(), json!(error.message));
        if !error.findings.is_empty() {
            details.insert("findings".into(), json!(error.findings));
        }
        if !error.output.is_empty() {
            details.insert("output".into(), json!(error.output));
        }
        if let Some(log) = log {
            details.insert("log".into(), json!(log));
        }
        Self { success: false, code: error.code.clone(), details: Value::Object(details), help: error.advice().map(str::to_owned) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exit;

    #[test]
    fn an_error_is_told_with_all_that_is_known() {
        let mut error = OpError::new(Exit::Failed, "slot-exited", "slot backend-2 ended").with_help("read its output");
        error.output = vec!["no DATABASE_URL".into()];
        error.details = Some(json!({ "deployment": { "outcome": "rolled_back" } }));
        let answer = serde_json::to_string(&Answer::of_error(&error, Some(Path::new("/home/x.log")))).unwrap();
        insta::assert_snapshot!(answer, @r#"{"success":false,"code":"slot-exited","details":{"deployment":{"outcome":"rolled_back"},"log":"/home/x.log","message":"slot backend-2 ended","output":["no DATABASE_URL"]},"help":"read its output"}"#);
    }
}
