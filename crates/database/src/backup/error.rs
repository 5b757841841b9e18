//! What may go wrong with a backup, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::backup::Difference;
use plimsoll_model::database::DatabaseKind;
use plimsoll_model::deployment::Failure;

use crate::fault::{DatabaseError, Fault};

/// A backup failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A program of the database is not installed.
    #[error("the program {tool} is not installed")]
    ToolMissing {
        /// Which.
        tool: String,
        /// Debian's package that has it.
        package: String,
    },
    /// A program of the database is older than the server and would refuse it.
    #[error("{tool} is of version {has}, and {place} of the newer version {server}")]
    ToolTooOld {
        /// Which.
        tool: String,
        /// Its version.
        has: u32,
        /// Which database.
        place: String,
        /// The version of its server.
        server: u32,
    },
    /// A program of the database failed.
    #[error("{place}: {tool} failed: {why}")]
    ToolFailed {
        /// Which.
        tool: String,
        /// Which database.
        place: String,
        /// What it said.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {why}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: String,
        /// Whether there is no room left.
        is_full: bool,
    },
    /// There is something in the place of the new backup.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// A file of the backup is not what was written.
    #[error("the backup is damaged: {}: {why}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A newer Plimsoll has written it.
    #[error("{} is of version {version}, and this Plimsoll knows them up to {}", path.display(), super::manifest::VERSION)]
    TooNew {
        /// Which file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// It is of another kind of database.
    #[error("the backup is of {of}, and cannot be restored into {place}")]
    OtherKind {
        /// Of what it is.
        of: DatabaseKind,
        /// Where it was to be restored.
        place: String,
    },
    /// The database that was to begin with it has tables of others.
    #[error("{place} is to begin with the data of a backup, and has tables already")]
    Occupied {
        /// Which database.
        place: String,
    },
    /// Its login may not create the scratch database in which it is tried.
    #[error("{place}: a backup cannot be verified, as the login of its URL may not create a scratch database: {why}")]
    NoScratch {
        /// Which database.
        place: String,
        /// What the database said.
        why: String,
        /// How its login is let to.
        remedy: &'static str,
    },
    /// What was restored is not what was backed up.
    #[error("{} does not bring back what was there: {}", folder.display(), listed(differences))]
    Differs {
        /// The folder of the backup.
        folder: PathBuf,
        /// Each difference.
        differences: Vec<Difference>,
    },
}

impl BackupError {
    /// A file that cannot be read or written.
    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        Self::File { path: path.to_owned(), why: error.to_string(), is_full: error.kind() == io::ErrorKind::StorageFull }
    }

    /// A file of a backup that is not what was written.
    pub(super) fn damaged(path: &Path, why: &str) -> Self {
        Self::Damaged { path: path.to_owned(), why: why.to_owned() }
    }

    /// Why the scratch database of a backup could not be made.
    pub(super) fn scratch(error: DatabaseError, remedy: &'static str) -> Self {
        match error {
            DatabaseError { place, fault: Fault::Forbidden(why), .. } => Self::NoScratch { place, why, remedy },
            other => other.into(),
        }
    }

    /// Whether it is the backup that is of no use, and not who wanted to use it.
    #[must_use]
    pub fn condemns(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Differs { .. } | Self::File { is_full: false, .. })
    }

    /// Stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Database(error) => error.code(),
            Self::ToolMissing { .. } => "backup-tool-missing",
            Self::ToolTooOld { .. } => "backup-tool-too-old",
            Self::ToolFailed { .. } => "backup-tool-failed",
            Self::File { is_full: true, .. } => "disk-full",
            Self::File { .. } => "backup-file",
            Self::Exists(_) => "backup-exists",
            Self::Damaged { .. } => "backup-damaged",
            Self::TooNew { .. } => "backup-too-new",
            Self::OtherKind { .. } => "backup-of-another-kind",
            Self::Occupied { .. } => "database-occupied",
            Self::NoScratch { .. } => "backup-unverifiable",
            Self::Differs { .. } => "backup-differs",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Database(error) => error.help(),
            Self::ToolMissing { package, .. } => format!("install it on the host that backs up; on Debian: apt install {package}"),
            Self::ToolTooOld { server, .. } => format!("install the client programs of version {server} on the host that backs up"),
            Self::ToolFailed { .. } => "see that the login of its URL may read and write all of it, then try again".into(),
            Self::File { is_full: true, .. } => "make room on that disk, then try again".into(),
            Self::File { .. } => "see that the folder is there and may be read and written".into(),
            Self::Exists(_) => "give the new backup another name".into(),
            Self::Damaged { .. } => "use another backup, and look at the disk that this one lies on".into(),
            Self::TooNew { .. } => "use the Plimsoll that has written it, or a newer one".into(),
            Self::OtherKind { of, .. } => format!("restore it into a {of} database"),
            Self::Occupied { .. } => {
                "see what they are: to begin with a backup deletes what it does not have; drop them if nobody needs them, then do it again".into()
            }
            Self::NoScratch { remedy, .. } => format!("{remedy}; or do without backups before migrations: requires = {{ backup = false }}"),
            Self::Differs { .. } => "do not rely on this backup: take another one, and see what changes its data".into(),
        }
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Self {
        Self::new(error.code(), error.to_string()).with_help(error.help())
    }
}

fn listed(differences: &[Difference]) -> String {
    differences.iter().map(Difference::to_string).collect::<Vec<_>>().join("; ")
}
