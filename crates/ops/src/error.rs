//! How operations fail.

use plimsoll_api::HostError;
use plimsoll_build::BuildError;
use plimsoll_connect::ConnectError;
use plimsoll_model::deployment::{Failure, HistoryError};
use plimsoll_model::finding::Finding;
use plimsoll_model::plan::PlanError;
use schemars::JsonSchema;
use serde::Serialize;

use crate::advice;

/// Exit codes of the command line, the same for every operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error, JsonSchema)]
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

    /// What to do next: what this failure says itself, or what is known of failures of its code.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref().or_else(|| advice::about(&self.code))
    }

    /// The caller wanted it to end before anything was done.
    pub(crate) fn cancelled() -> Self {
        Self::new(Exit::Failed, "cancelled", "it was cancelled before anything was changed")
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
            HostError::Unreachable { .. } | HostError::Barred { .. } => Exit::Host,
            HostError::LeaseHeld { .. } | HostError::LeaseLost(_) | HostError::Stale(_) | HostError::Refused(_) => Exit::Refused,
            HostError::Failed(failure) if failure.code == "rollback-incomplete" => Exit::NeedsPerson,
            HostError::Failed(_) | HostError::NotFound(_) => Exit::Failed,
            HostError::Internal(failure) if failure.code == "bug" => Exit::Bug,
            HostError::Internal(_) => Exit::Host,
            HostError::Unfit(_) => Exit::Bug,
        };
        Self::from_failure(exit, error.to_failure())
    }
}

impl From<PlanError> for OpError {
    fn from(error: PlanError) -> Self {
        let exit = if matches!(error, PlanError::ReleaseGone { .. }) { Exit::Failed } else { Exit::Manifest };
        Self::new(exit, error.code(), error.to_string()).with_help(error.help())
    }
}

impl From<ConnectError> for OpError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Host(error) => error.into(),
            other => Self::from_failure(Exit::Host, other.to_failure()),
        }
    }
}

impl From<BuildError> for OpError {
    fn from(error: BuildError) -> Self {
        let exit = match &error {
            BuildError::NotARepository { .. } | BuildError::NoCommits { .. } => Exit::Usage,
            BuildError::UnknownRevision { .. } | BuildError::NotInCommit { .. } => Exit::Usage,
            BuildError::Missing { .. } | BuildError::Unfit { .. } | BuildError::Empty { .. } => Exit::Manifest,
            BuildError::MissingOutput { .. } | BuildError::OutputClash { .. } => Exit::Manifest,
            _ => Exit::Failed,
        };
        Self::from_failure(exit, failure_of(&error))
    }
}

impl From<HistoryError> for OpError {
    fn from(error: HistoryError) -> Self {
        let (exit, code, help) = match error {
            HistoryError::Empty => (Exit::Failed, "nothing-deployed", "deploy first: plimsoll deploy"),
            HistoryError::NoEarlier => (Exit::Failed, "no-earlier-deployment", "deploy an earlier commit: plimsoll deploy --commit COMMIT"),
            HistoryError::Unknown(_) => (Exit::Usage, "unknown-deployment", "see what there is: plimsoll history"),
        };
        Self::new(exit, code, error.to_string()).with_help(help)
    }
}

/// The failure that a build, a test or a hook came to: its last lines apart from the message.
pub(crate) fn failure_of(error: &BuildError) -> Failure {
    let failure = |message: String| Failure::new(error.code(), message).with_help(error.help());
    match error {
        BuildError::Command(bad) => failure(format!("the {} {}: `{}`", bad.task, bad.end, bad.command)).with_output(bad.tail.clone()),
        other => failure(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_build::Task;
    use plimsoll_build::failure::{End, Failure as Bad};

    use super::*;

    #[test]
    fn every_error_has_its_exit_code() {
        let host = || plimsoll_model::HostName::local();
        let failure = |code: &str| Failure::new(code, "message");
        let table: [(OpError, &str, Exit); 15] = [
            (HostError::Stale(host()).into(), "plan-stale", Exit::Refused),
            (HostError::unreachable(host(), "w", "h").into(), "host-unreachable", Exit::Host),
            (HostError::Barred { host: host(), failure: failure("ssh-permission-denied") }.into(), "ssh-permission-denied", Exit::Host),
            (HostError::Failed(failure("rollback-incomplete")).into(), "rollback-incomplete", Exit::NeedsPerson),
            (HostError::Failed(failure("slot-exited")).into(), "slot-exited", Exit::Failed),
            (HostError::Refused(failure("host-busy")).into(), "host-busy", Exit::Refused),
            (HostError::NotFound("deployment d1".into()).into(), "not-found", Exit::Failed),
            (HostError::Unfit("no such level".into()).into(), "request-unfit", Exit::Bug),
            (HostError::Internal(failure("disk-full")).into(), "disk-full", Exit::Host),
            (HostError::Internal(failure("bug")).into(), "bug", Exit::Bug),
            (ConnectError::NotStarted(failure("already-running")).into(), "already-running", Exit::Host),
            (ConnectError::Host(HostError::Stale(host())).into(), "plan-stale", Exit::Refused),
            (BuildError::Missing { component: "web".parse().unwrap(), what: "folder", path: "x".into() }.into(), "missing-source", Exit::Manifest),
            (BuildError::NoCommits { folder: "/x".into() }.into(), "no-commits", Exit::Usage),
            (HistoryError::NoEarlier.into(), "no-earlier-deployment", Exit::Failed),
        ];
        for (error, code, exit) in table {
            assert_eq!((error.code.as_str(), error.exit), (code, exit), "{error}");
        }
    }

    #[test]
    fn the_output_of_a_build_stands_apart_from_its_message() {
        let task = Task::Build("web".parse().unwrap());
        let bad = Bad { task, command: "make".into(), end: End::Exit(2), tail: vec!["no rule".into()], log: "/logs/web.build.log".into() };
        let error = OpError::from(BuildError::Command(Box::new(bad)));
        assert_eq!((error.code.as_str(), error.exit, error.output.as_slice()), ("build-failed", Exit::Failed, &["no rule".to_owned()][..]));
        assert_eq!(error.message, "the build of web failed with exit code 2: `make`");
        assert!(error.help.unwrap().contains("/logs/web.build.log"));
    }
}
