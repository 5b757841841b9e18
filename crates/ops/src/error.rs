//! How operations fail.

use plimsoll_api::HostError;
use plimsoll_model::deployment::Failure;
use plimsoll_model::finding::Finding;
use plimsoll_model::plan::PlanError;
use serde::Serialize;

/// Exit codes of the command line, the same for every operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It failed; nothing changed, or everything was rolled back.
    Failed = 1,
    /// It was called in a wrong way.
    Usage = 2,
    /// The manifest or the configuration is not right.
    Manifest = 3,
    /// A host cannot be reached or used.
    Host = 4,
    /// It was refused: policy, approval, stale plan, someone else's lease.
    Refused = 5,
    /// A person has to see to it.
    NeedsPerson = 6,
    /// A bug in Plimsoll.
    Bug = 70,
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// Stable name of the kind of error.
    pub code: String,
    /// What failed, where and why.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// What the process ends with.
    #[serde(skip)]
    pub exit: Exit,
    /// The mistakes of a manifest, when that is what failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Last lines of output of what failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
    /// What is known all the same, such as how a deployment ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

impl OpError {
    /// An error without help.
    pub fn new(exit: Exit, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), help: None, exit, findings: Vec::new(), output: Vec::new(), details: None }
    }

    /// The same with what to do next.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What a failure is to the caller.
    #[must_use]
    pub fn from_failure(exit: Exit, failure: Failure) -> Self {
        Self { help: failure.help, output: failure.output, ..Self::new(exit, failure.code, failure.message) }
    }
}

impl From<HostError> for OpError {
    fn from(error: HostError) -> Self {
        let exit = match &error {
            HostError::Unreachable { .. } => Exit::Host,
            HostError::LeaseHeld { .. } | HostError::LeaseLost(_) | HostError::Stale(_) | HostError::Refused(_) => Exit::Refused,
            HostError::Failed(failure) if failure.code == "rollback-incomplete" => Exit::NeedsPerson,
            HostError::Failed(_) | HostError::NotFound(_) => Exit::Failed,
            HostError::Internal(_) => Exit::Host,
            HostError::Unfit(_) => Exit::Bug,
        };
        Self::from_failure(exit, error.to_failure())
    }
}

impl From<PlanError> for OpError {
    fn from(error: PlanError) -> Self {
        Self::new(Exit::Manifest, error.code(), error.to_string()).with_help(error.help())
    }
}
