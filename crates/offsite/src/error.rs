//! How copying fails. No error repeats a key.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::deployment::Failure;
use plimsoll_vault::VaultError;

/// Why a copy cannot be made or fetched.
#[derive(Debug, thiserror::Error)]
pub enum OffsiteError {
    /// A secret that the place needs has no value here.
    #[error("the value of secret {name}, which {place} needs, is not on this host")]
    Secret {
        /// Its name.
        name: String,
        /// The place.
        place: String,
    },
    /// The place is of another kind than the access to it.
    #[error("the access to {place} is for another kind of place")]
    Mismatch {
        /// The place.
        place: String,
    },
    /// The place cannot be one.
    #[error("{place} cannot be a store: {why}")]
    Place {
        /// The place.
        place: String,
        /// Why not.
        why: String,
    },
    /// The place did not do what was asked of it.
    #[error("cannot {task} {place}: {why}")]
    Failed {
        /// What was asked.
        task: &'static str,
        /// The place.
        place: String,
        /// Why not.
        why: Why,
    },
    /// A file or folder here cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What a copy holds is no backup.
    #[error("{} is damaged, or no copy of a backup: {why}", path.display())]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It cannot be encrypted or opened.
    #[error(transparent)]
    Sealed(#[from] VaultError),
}

/// Why a place did not do what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum Why {
    /// It cannot be reached, or broke off.
    #[error("{0}")]
    Unreachable(String),
    /// It does not let us.
    #[error("{0}")]
    Denied(String),
    /// What was asked for is not there.
    #[error("{0}")]
    Missing(String),
    /// Something else.
    #[error("{0}")]
    Other(String),
    /// A file here cannot be used.
    #[error("{0}")]
    Local(io::Error),
}

impl OffsiteError {
    /// Stable name of the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Secret { .. } => "secret-gone",
            Self::Mismatch { .. } | Self::Place { .. } => "copy-place",
            Self::Failed { why: Why::Unreachable(_), .. } => "copy-unreachable",
            Self::Failed { why: Why::Denied(_), .. } => "copy-denied",
            Self::Failed { why: Why::Missing(_), .. } => "copy-missing",
            Self::Failed { why: Why::Local(_), .. } | Self::Io { .. } => "copy-file",
            Self::Failed { why: Why::Other(_), .. } => "copy-failed",
            Self::Damaged { .. } => "copy-damaged",
            Self::Sealed(error) => error.code(),
        }
    }

    /// Whether the place does not let us.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::Failed { why: Why::Denied(_), .. })
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Secret { .. } => "deploy again with the secret set".into(),
            Self::Mismatch { .. } | Self::Place { .. } => "correct `backups.copy` in the manifest, and deploy".into(),
            Self::Failed { why: Why::Unreachable(_), .. } => {
                "see that the place is up and that the host can reach it, then: plimsoll backup copy ENVIRONMENT".into()
            }
            Self::Failed { why: Why::Denied(_), .. } => "see that the key is right and may read, write, list and delete there".into(),
            Self::Failed { why: Why::Missing(_), .. } => {
                "see that bucket and folder are there; `plimsoll backup copies ENVIRONMENT` tells what lies there".into()
            }
            Self::Failed { why: Why::Local(_), .. } | Self::Io { .. } => {
                "see that the host's disk has space for one more file as large as a backup".into()
            }
            Self::Failed { why: Why::Other(_), .. } => "see what the place says of it, then try again".into(),
            Self::Damaged { .. } => "take another copy: `plimsoll backup copies ENVIRONMENT` tells which there are".into(),
            Self::Sealed(error) => error.help(),
        }
    }

    /// For `map_err`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}

impl From<OffsiteError> for Failure {
    fn from(error: OffsiteError) -> Self {
        Self::new(error.code(), error.to_string()).with_help(error.help())
    }
}
