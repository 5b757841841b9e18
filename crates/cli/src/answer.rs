//! What a command answers: one JSON document for machines, a text for people.

use plimsoll_ops::{Answer, DeploymentView};
use serde::Serialize;

use crate::render::deployment::ended;

/// How a command ended that did what it was asked.
#[derive(Debug)]
pub struct Reply {
    /// The document for machines.
    pub answer: Answer,
    /// The same for people, as lines.
    pub text: String,
}

impl Reply {
    /// A reply that suggests nothing.
    pub fn new(code: &str, output: &impl Serialize, text: impl Into<String>) -> Self {
        Self { answer: Answer::done(code, output), text: text.into() }
    }

    /// How a deployment ended: `code` when it is live, `unchanged` when there was nothing to do.
    pub fn of_deployment(code: &str, deployment: &DeploymentView, output: &impl Serialize) -> Self {
        let reply = Self { answer: Answer::of_deployment(code, deployment, output), text: ended(deployment) };
        reply.with_next(format!("plimsoll status {}", deployment.key.environment))
    }

    /// The same, with what to run next.
    pub fn with_next(mut self, command: impl Into<String>) -> Self {
        self.answer.help = Some(command.into());
        self
    }
}
