//! What may go wrong with a database: what failed, where, why, and what to do about it.

use std::fmt;

use plimsoll_model::database::Direction;
use plimsoll_model::deployment::Failure;

use crate::judge;
use crate::place::Place;

/// Something failed at a database. It is shown without the password of the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{place}: {fault}", self.shown())]
pub struct DatabaseError {
    /// Which database, in words.
    pub place: String,
    /// What was run, where it was a migration.
    pub step: Option<Step>,
    /// What went wrong.
    pub fault: Fault,
}

/// A migration that was run in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its version.
    pub version: i64,
    /// Which way.
    pub direction: Direction,
}

/// What went wrong. The texts are what the database said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The URL is none, or not one of this kind of database. It is not repeated, as there may be a password in it.
    #[error("its URL cannot be read")]
    UrlInvalid,
    /// There is no connection to it.
    #[error("there is no connection to it: {0}")]
    Unreachable(String),
    /// The connection broke while something was done.
    #[error("the connection broke: {0}")]
    Disconnected(String),
    /// It does not let this login in.
    #[error("it does not let this login in: {0}")]
    Denied(String),
    /// The server has no such database, or there is no such file.
    #[error("there is no such database: {0}")]
    NoDatabase(String),
    /// The login may not do that.
    #[error("this login may not do that: {0}")]
    Forbidden(String),
    /// Its disk is full.
    #[error("it has no room left: {0}")]
    Full(String),
    /// The file is damaged, or is no database.
    #[error("it is damaged, or is no database: {0}")]
    Damaged(String),
    /// Somebody else migrates it, or writes to a SQLite file, for longer than is waited.
    #[error("somebody else has been changing it for {} s", LOCK_WAIT_SECONDS)]
    Busy,
    /// A table or row that it needs is held by somebody else for longer than is waited.
    #[error("what it needs is held by somebody else: {0}")]
    Locked(String),
    /// The database refuses what the script says.
    #[error("{}{why}{}", at(*line), if *stays { " (it runs in no transaction, so what it did before that stays)" } else { "" })]
    Script {
        /// The line of the script, from 1, where that can be told.
        line: Option<usize>,
        /// What the database said.
        why: String,
        /// Whether parts of it may be there, as it ran in no transaction.
        stays: bool,
    },
    /// It is half applied, and this database cannot take changes to a schema back.
    #[error("it is applied only in part, and this kind of database cannot take that back by itself{}", because(.0))]
    Half(String),
    /// Another text was applied under this version.
    #[error("it was applied with another text than it has now")]
    Changed,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// How long locks are waited for, in seconds: a migration that waits for a table holds up everybody who comes after it.
pub(crate) const LOCK_WAIT_SECONDS: u64 = 5;

impl DatabaseError {
    /// A fault at a place.
    pub(crate) fn at(place: &Place, step: Option<Step>, fault: Fault) -> Self {
        Self { place: place.to_string(), step, fault: fault.map(|said| place.clean(&said)) }
    }

    /// What failed at a place in the middle of something.
    pub(crate) fn running(place: &Place, error: &sqlx::Error) -> Self {
        Self::at(place, None, judge::running(place.kind, error))
    }

    /// Stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.fault.code()
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> String {
        self.fault.help().to_owned()
    }

    fn shown(&self) -> String {
        self.step.map(|step| format!("{step} on ")).unwrap_or_default()
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::new(error.code(), error.to_string()).with_help(error.help())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "migration {} ({})", self.version, self.direction)
    }
}

impl Fault {
    /// Stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UrlInvalid => "database-url-invalid",
            Self::Unreachable(_) => "database-unreachable",
            Self::Disconnected(_) => "database-disconnected",
            Self::Denied(_) => "database-login-denied",
            Self::NoDatabase(_) => "database-unknown",
            Self::Forbidden(_) => "database-forbidden",
            Self::Full(_) => "database-disk-full",
            Self::Damaged(_) => "database-damaged",
            Self::Busy => "database-busy",
            Self::Locked(_) => "database-locked",
            Self::Script { .. } => "migration-failed",
            Self::Half(_) => "migration-half-applied",
            Self::Changed => "migration-changed",
            Self::Other(_) => "database-failed",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::UrlInvalid => "write it as sqlite:///folder/file.db, postgres://user:password@host/name or mysql://user:password@host/name",
            Self::Unreachable(_) => "see that it runs, and that host and port in its URL are right as seen from the host that migrates",
            Self::Disconnected(_) => "run it again: what was applied to its end is not applied twice",
            Self::Denied(_) => "see that user and password in its URL are right, and that the server lets that user in from this host",
            Self::NoDatabase(_) => "create it, or see that its name in the URL is right",
            Self::Forbidden(_) => "grant its user what the message names, or use a user for migrations that has it",
            Self::Full(_) => "make room on its disk, then run it again",
            Self::Damaged(_) => "see that the URL names the right file; restore it from a backup if it does",
            Self::Busy => "wait until the other one is done, then run it again",
            Self::Locked(_) => "find the long transaction that holds it, then run it again; a script that may wait longer sets its own timeout",
            Self::Script { .. } => "correct the script, then run it again",
            Self::Half(_) => "compare the schema with the script, finish or undo the rest by hand, and set or delete its row in _sqlx_migrations",
            Self::Changed => "restore the text that was applied, and put the change into a new migration",
            Self::Other(_) => "see what the database itself has logged",
        }
    }
}

impl Fault {
    /// The same with its text changed.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Unreachable(said) => Self::Unreachable(change(said)),
            Self::Disconnected(said) => Self::Disconnected(change(said)),
            Self::Denied(said) => Self::Denied(change(said)),
            Self::NoDatabase(said) => Self::NoDatabase(change(said)),
            Self::Forbidden(said) => Self::Forbidden(change(said)),
            Self::Full(said) => Self::Full(change(said)),
            Self::Damaged(said) => Self::Damaged(change(said)),
            Self::Locked(said) => Self::Locked(change(said)),
            Self::Script { line, why, stays } => Self::Script { line, why: change(why), stays },
            Self::Half(said) => Self::Half(change(said)),
            Self::Other(said) => Self::Other(change(said)),
            Self::UrlInvalid | Self::Busy | Self::Changed => self,
        }
    }
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}
