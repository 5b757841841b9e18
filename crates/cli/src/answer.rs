//! What a command answers: one JSON document for machines, a text for people.

use std::path::Path;

use plimsoll_model::deployment::Outcome;
use plimsoll_ops::{DeploymentView, OpError};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::render::deployment::ended;

/// The JSON document that ends every command that was given `--json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Whether it did what it was asked.
    pub success: bool,
    /// Stable name of how it ended.
    pub code: String,
    /// What it has to say.
    pub details: Value,
    /// What to do next.
    pub help: Option<String>,
}

/// How a command ended that did what it was asked.
#[derive(Debug)]
pub struct Reply {
    /// Stable name of how it ended.
    pub code: &'static str,
    /// The output of the operation.
    pub details: Value,
    /// The same for people, as lines.
    pub text: String,
    /// What to run next.
    pub next: Option<String>,
}

impl Reply {
    /// A reply that suggests nothing.
    pub fn new(code: &'static str, output: &impl Serialize, text: impl Into<String>) -> Self {
        let details = serde_json::to_value(output).expect("outputs of operations are made of strings, numbers and maps with string keys");
        Self { code, details, text: text.into(), next: None }
    }

    /// How a deployment ended: `code` when it is live, `unchanged` when there was nothing to do.
    pub fn of_deployment(code: &'static str, deployment: &DeploymentView, output: &impl Serialize) -> Self {
        let code = if deployment.outcome == Outcome::Unchanged { "unchanged" } else { code };
        Self::new(code, output, ended(deployment)).with_next(format!("plimsoll status {}", deployment.key.environment))
    }

    /// The same, with what to run next.
    pub fn with_next(self, command: impl Into<String>) -> Self {
        Self { next: Some(command.into()), ..self }
    }
}

impl From<&Reply> for Answer {
    fn from(reply: &Reply) -> Self {
        Self { success: true, code: reply.code.into(), details: reply.details.clone(), help: reply.next.clone() }
    }
}

impl Answer {
    /// How a command ended that failed. `log` is where its log is.
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
        Self { success: false, code: error.code.clone(), details: Value::Object(details), help: error.help.clone() }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_ops::Exit;

    use super::*;

    #[test]
    fn an_error_is_told_with_all_that_is_known() {
        let mut error = OpError::new(Exit::Failed, "slot-exited", "slot backend-2 ended").with_help("read its output");
        error.output = vec!["no DATABASE_URL".into()];
        error.details = Some(json!({ "deployment": { "outcome": "rolled_back" } }));
        let answer = serde_json::to_string(&Answer::of_error(&error, Some(Path::new("/home/x.log")))).unwrap();
        insta::assert_snapshot!(answer, @r#"{"success":false,"code":"slot-exited","details":{"deployment":{"outcome":"rolled_back"},"log":"/home/x.log","message":"slot backend-2 ended","output":["no DATABASE_URL"]},"help":"read its output"}"#);
    }
}
