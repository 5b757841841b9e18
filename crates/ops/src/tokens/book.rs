//! The file in which tokens are kept: one for all projects of a home folder, readable by its owner alone.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::Token;
use crate::{Exit, OpError};

/// How the file is written now.
const VERSION: u32 = 1;

/// All tokens.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Book {
    version: u32,
    pub(crate) tokens: Vec<Token>,
}

/// The right to write the book, until it is dropped.
#[must_use]
pub(crate) struct Turn {
    path: PathBuf,
    _lock: File,
}

impl Book {
    /// What is in there. Where there is no file, nobody has made a token.
    pub(crate) fn read(home: &Path) -> Result<Self, OpError> {
        let path = path(home);
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self { version: VERSION, tokens: Vec::new() }),
            text => text.map_err(|error| unusable("read", &path, &error))?,
        };
        let book: Self = serde_json::from_slice(&text).map_err(|error| unusable("understood", &path, &error.into()))?;
        if book.version > VERSION {
            let message = format!("{} was written by a newer plimsoll (version {} of its form)", path.display(), book.version);
            return Err(OpError::new(Exit::Host, "tokens-newer", message).with_help("run that version of plimsoll"));
        }
        Ok(book)
    }

    /// What is in there, to be changed: nobody else changes it until the turn is over.
    pub(crate) fn open(home: &Path) -> Result<(Self, Turn), OpError> {
        let path = path(home);
        let folder = path.parent().expect("it lies in a folder");
        let lock = lock(folder).map_err(|error| unusable("locked", folder, &error))?;
        Ok((Self::read(home)?, Turn { path, _lock: lock }))
    }

    /// Writes it; it is on the disk when this returns.
    pub(crate) fn write(&self, turn: Turn) -> Result<(), OpError> {
        let text = serde_json::to_vec_pretty(self).expect("tokens are made of strings and lists");
        plimsoll_durable::replace(&turn.path, &text).map_err(|error| unusable("written", &turn.path, &error))
    }
}

fn path(home: &Path) -> PathBuf {
    home.join("tokens").join("tokens.json")
}

fn lock(folder: &Path) -> io::Result<File> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let folder = File::open(folder)?;
    flock(&folder, FlockOperation::LockExclusive)?;
    Ok(folder)
}

fn unusable(how: &str, path: &Path, error: &io::Error) -> OpError {
    OpError::new(Exit::Host, "tokens-unusable", format!("{} cannot be {how}: {error}", path.display()))
        .with_help("see to it that it is a file of yours, as plimsoll wrote it")
}
