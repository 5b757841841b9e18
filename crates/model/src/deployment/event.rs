//! What a journal records.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Outcome;
use crate::plan::StepRef;

/// One journal record: something that is about to happen or has happened in a deployment on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A step is about to be done.
    Intended {
        /// Which.
        at: StepRef,
    },
    /// It is done.
    Done {
        /// Which.
        at: StepRef,
    },
    /// It could not be done.
    Failed {
        /// Which.
        at: StepRef,
        /// Why.
        failure: Failure,
    },
    /// All is done and verified here, and nothing is undone any more unless the home host says so.
    Sealed,
    /// The decision: the deployment is live.
    Decided,
    /// Everything is to be undone.
    RollingBack {
        /// Why.
        failure: Failure,
    },
    /// A step is about to be undone.
    Undoing {
        /// Which.
        at: StepRef,
    },
    /// It is undone.
    Undone {
        /// Which.
        at: StepRef,
    },
    /// It could not be undone. It may be tried again.
    UndoFailed {
        /// Which.
        at: StepRef,
        /// Why.
        failure: Failure,
    },
    /// It is over.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
}

/// The name of the record in a few words, with its step: what crash points are called.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Intended { at } => write!(f, "intended {at}"),
            Event::Done { at } => write!(f, "done {at}"),
            Event::Failed { at, .. } => write!(f, "failed {at}"),
            Event::Sealed => f.write_str("sealed"),
            Event::Decided => f.write_str("decided"),
            Event::RollingBack { .. } => f.write_str("rolling back"),
            Event::Undoing { at } => write!(f, "undoing {at}"),
            Event::Undone { at } => write!(f, "undone {at}"),
            Event::UndoFailed { at, .. } => write!(f, "undo failed {at}"),
            Event::Closed { outcome } => write!(f, "closed {outcome}"),
        }
    }
}

/// Why something did not work: enough for a person or an agent to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// Stable name of the kind of failure, such as `slot-exited`.
    pub code: String,
    /// What failed, where and why.
    pub message: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Last lines of output of what failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
}

impl Failure {
    /// A failure without help or output.
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), help: None, output: Vec::new() }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with the last lines of output of what failed.
    #[must_use]
    pub fn with_output(mut self, lines: Vec<String>) -> Self {
        self.output = lines;
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
