//! What can go wrong with a keeper.

use std::io;
use std::path::{Path, PathBuf};

/// Why a keeper could not be started, found, asked or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeeperError {
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
    /// The operating system refused something that has no path.
    #[error("cannot {action}: {source}")]
    System {
        /// What was to be done.
        action: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A keeper's spec or secrets are no JSON of the right shape. What stands there may be secret and is not shown.
    #[error("{} cannot be understood, from line {line} column {column} on", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong; the first line is 1.
        line: usize,
        /// Where in that line.
        column: usize,
    },
    /// A file or a keeper speaks a version that came after this program.
    #[error("{what} has version {found}, and this plimsoll knows versions up to {known}\nhelp: use the plimsoll that wrote it, or a newer one")]
    Newer {
        /// What was read.
        what: String,
        /// Its version.
        found: u32,
        /// The newest that can be read.
        known: u32,
    },
    /// There is no such user.
    #[error("there is no user {user} on this host\nhelp: create it (useradd --system {user}), or name another")]
    NoUser {
        /// Its name.
        user: String,
    },
    /// Only root may run programs as someone else.
    #[error("cannot run a program as {user}: plimsoll runs as uid {uid}, and only root may\nhelp: leave the user out, or run the daemon as root")]
    NotRoot {
        /// The user that was asked for.
        user: String,
        /// Who we are.
        uid: u32,
    },
    /// Another keeper has the folder.
    #[error("a keeper is at work in {} already", folder.display())]
    Taken {
        /// The folder.
        folder: PathBuf,
    },
    /// A new keeper ended before it was up.
    #[error("the keeper in {} did not start: {reason}", folder.display())]
    NotStarted {
        /// Its folder.
        folder: PathBuf,
        /// What it said.
        reason: String,
    },
    /// The program was to be replaced, and what was there before runs on.
    #[error("the program of the keeper in {} is not replaced: {reason}", folder.display())]
    NotReplaced {
        /// Its folder.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The keeper is older than the request to replace its program.
    #[error("the keeper in {} is too old to replace its program\nhelp: stop it and start it anew", folder.display())]
    CannotReplace {
        /// Its folder.
        folder: PathBuf,
    },
    /// A keeper has the folder and does not answer.
    #[error("the keeper in {} does not answer\nhelp: see keeper.log there; end the process that holds keeper.lock (fuser keeper.lock)", folder.display())]
    Silent {
        /// Its folder.
        folder: PathBuf,
    },
    /// The keeper ended without being asked to, most likely killed.
    #[error("the keeper in {} is gone\nhelp: see keeper.log there", folder.display())]
    Lost {
        /// Its folder.
        folder: PathBuf,
    },
}

impl KeeperError {
    /// What makes an error of an I/O error at `path`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// What makes an error of a document at `path` that does not parse.
    pub(crate) fn unreadable(path: &Path) -> impl Fn(serde_json::Error) -> Self {
        move |error| Self::Unreadable { path: path.to_owned(), line: error.line(), column: error.column() }
    }

    /// What makes an error of an I/O error without a place.
    pub(crate) fn system<E: Into<io::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System { action, source: source.into() }
    }
}
