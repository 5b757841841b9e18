//! Why the daemon of this machine cannot be had.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_api::HostError;
use plimsoll_model::deployment::Failure;

/// Why the daemon of this machine cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// A file or folder could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was to be done with it.
        action: &'static str,
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The daemon said why it does not serve, or ended without a word.
    #[error("the daemon does not start: {0}")]
    NotStarted(Failure),
    /// The daemon of this build does not start in the place of the one that served.
    #[error("{}, so it does not take the place of the daemon that served; {}", .why.message, before(.again))]
    NotReplaced {
        /// Why it does not start.
        why: Failure,
        /// Whether the one that served serves again, and why not.
        again: Result<(), Failure>,
    },
    /// Something has the folder and does not answer.
    #[error("a daemon has {} and does not answer", home.display())]
    Silent {
        /// The folder.
        home: PathBuf,
    },
    /// The daemon refuses us.
    #[error("{0}")]
    Host(#[from] HostError),
}

impl ConnectError {
    /// Stable name of the kind of error: the daemon's own where it gave one.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            ConnectError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => "no-permission",
            ConnectError::Io { .. } => "folder-unusable",
            ConnectError::NotStarted(failure) | ConnectError::NotReplaced { why: failure, .. } => &failure.code,
            ConnectError::Silent { .. } => "daemon-silent",
            ConnectError::Host(error) => error.code(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            ConnectError::Io { path, .. } => Some(format!("see that this login may use {} and that the disk has space", path.display())),
            ConnectError::NotStarted(failure) | ConnectError::NotReplaced { why: failure, .. } => failure.help.clone(),
            ConnectError::Silent { home } => Some(format!(
                "see {}; end the process that holds host.lock (fuser {})",
                home.join("logs").display(),
                home.join("host.lock").display()
            )),
            ConnectError::Host(error) => error.help(),
        }
    }

    /// The same as a failure, for records and answers.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let output = match self {
            ConnectError::NotStarted(failure) | ConnectError::NotReplaced { why: failure, .. } => failure.output.clone(),
            _ => Vec::new(),
        };
        Failure { code: self.code().to_owned(), message: self.to_string(), help: self.help(), output }
    }

    /// What makes an error of an I/O error at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

fn before(again: &Result<(), Failure>) -> String {
    match again {
        Ok(()) => "that one serves again".into(),
        Err(failure) => format!("and that one does not start again: {failure}"),
    }
}
