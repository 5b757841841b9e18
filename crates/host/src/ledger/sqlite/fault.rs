//! What can go wrong with the ledger, and how people are told.

use std::path::Path;

use plimsoll_model::{DeploymentId, EnvironmentKey, PlanHash};
use sqlx::error::DatabaseError;

use crate::trouble::Trouble;

/// Why the ledger did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The database refused.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// A row holds something else than was once written there.
    #[error("{what} cannot be read: {why}")]
    Unreadable { what: &'static str, why: String },
    /// A later version wrote it.
    #[error("version {found}, and this plimsoll knows versions up to {known}")]
    Newer { found: u32, known: u32 },
    /// The environment has a deployment that is not settled.
    #[error("deployment {open} of {key} is not settled yet")]
    Open { open: DeploymentId, key: EnvironmentKey },
    /// The name belongs to another deployment.
    #[error("there already is another deployment {0}")]
    Taken(DeploymentId),
    /// The approval belongs to another deployment.
    #[error("the approval of plan {0} has been used")]
    Used(PlanHash),
    /// No deployment has this name.
    #[error("there is no deployment {0}")]
    Unknown(DeploymentId),
}

impl Fault {
    /// What makes a fault of JSON in the ledger that does not parse.
    pub(super) fn unreadable<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Unreadable { what, why: error.to_string() }
    }

    /// The same in words for people. `path` is the ledger's.
    pub(super) fn into_trouble(self, path: &Path) -> Trouble {
        let path = path.display();
        match self {
            Fault::Newer { .. } => Trouble::new("state-newer", format!("the ledger {path} has {self}"))
                .with_help("this state folder was written by a newer plimsoll; use that version or newer"),
            Fault::Open { .. } => Trouble::new("deployment-open", self.to_string()).with_help("settle it first: plimsoll resume"),
            Fault::Taken(_) => Trouble::new("deployment-taken", self.to_string()).with_help("begin it again under a new name"),
            Fault::Used(plan) => {
                Trouble::new("approval-used", self.to_string()).with_help(format!("it is good once: ask for another one, plimsoll approve {plan}"))
            }
            Fault::Unknown(_) => Trouble::new("deployment-unknown", self.to_string()).with_help("see which there are: plimsoll history"),
            Fault::Unreadable { .. } => damaged(format!("the ledger {path} is damaged: {self}")),
            Fault::Database(error) if is_damage(&error) => damaged(format!("{path} is damaged, or no ledger: {}", cause(&error))),
            Fault::Database(error) => {
                Trouble::new("ledger-write", format!("the ledger {path} cannot be used: {}", cause(&error))).with_help(way_out(&error))
            }
        }
    }
}

fn damaged(message: String) -> Trouble {
    Trouble::new("ledger-damaged", message).with_help("stop the daemon, keep a copy of the file, and put a backup of it in its place")
}

/// SQLite's own names for what happened: the low byte of its result code.
mod result {
    pub(super) const PERM: u32 = 3;
    pub(super) const BUSY: u32 = 5;
    pub(super) const READONLY: u32 = 8;
    pub(super) const CORRUPT: u32 = 11;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;
    pub(super) const NOTADB: u32 = 26;
}

fn code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error().and_then(DatabaseError::code)?.parse().ok()?;
    Some(code & 0xff)
}

fn is_damage(error: &sqlx::Error) -> bool {
    let decoded = matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_));
    decoded || matches!(code(error), Some(result::CORRUPT | result::NOTADB))
}

fn cause(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())
}

fn way_out(error: &sqlx::Error) -> &'static str {
    match (code(error), error) {
        (Some(result::FULL), _) => "free some space on that disk, then try again",
        (Some(result::PERM | result::READONLY | result::CANTOPEN), _) | (_, sqlx::Error::Io(_)) => {
            "see that the folder is there, and that the user who runs plimsoll may write in it"
        }
        (Some(result::BUSY), _) => "end the other program that has the file open, then try again",
        _ => "see that the disk is well and has space, then try again",
    }
}
