//! What a keeper is to run, and the file that says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_model::slot::Limits;
use serde::{Deserialize, Serialize};

use crate::wire::Version;
use crate::{KeeperError, file, folder};

/// All that a keeper has to know. Paths that are relative are so to the keeper's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeeperSpec {
    /// The program.
    pub command: Command,
    /// The folder that it runs in.
    pub cwd: PathBuf,
    /// Its whole environment, but for the secrets: it inherits nothing.
    pub env: BTreeMap<String, String>,
    /// A JSON object of secret names and values, for no one else to read (0600). It is read at each start, and its entries
    /// become environment variables of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_file: Option<PathBuf>,
    /// The user to run it as; absent means the keeper's own. Another one takes root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What each of its processes may use.
    #[serde(default)]
    pub limits: Limits,
    /// Where what it prints goes.
    pub output: Output,
    /// How soon it is started again when it ends by itself.
    pub restart: Restart,
    /// Whether the keeper holds sockets for it (see systemd's file descriptor store), so that connections wait while it restarts.
    #[serde(default)]
    pub hold_sockets: bool,
    /// How long it may take to end after `SIGTERM` when no one says otherwise, in milliseconds; then it is killed.
    pub stop_grace_ms: u64,
}

/// What to execute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// A command line for `/bin/sh -c`.
    Shell(String),
    /// A program and its arguments.
    Program {
        /// Its path, or a name to look for in the `PATH` of [`KeeperSpec::env`].
        path: PathBuf,
        /// What comes after its name.
        args: Vec<String>,
    },
}

impl Command {
    /// The program that is executed, and its arguments.
    #[must_use]
    pub fn words(&self) -> (&Path, Vec<&str>) {
        match self {
            Self::Shell(line) => (Path::new("/bin/sh"), vec!["-c", line]),
            Self::Program { path, args } => (path, args.iter().map(String::as_str).collect()),
        }
    }
}

/// Where standard output and standard error go: to `file`, which is rotated to `file.1`, `file.2`, …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The file that is written now.
    pub file: PathBuf,
    /// How long a file may get, in bytes.
    pub max_bytes: u64,
    /// How many rotated files are kept beside it.
    pub keep: u32,
}

/// How soon a program that ended by itself is started again: after `first_ms`, then twice that, and so on up to `max_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// The first wait, in milliseconds. 0 means at once, for the first of several quick ends.
    pub first_ms: u64,
    /// The longest wait, in milliseconds.
    pub max_ms: u64,
    /// A program that ran this long, in milliseconds, is waited for as if it had never ended before.
    pub healthy_after_ms: u64,
}

/// The format of `keeper.json`.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Document<S> {
    version: u32,
    spec: S,
}

impl KeeperSpec {
    /// Writes the spec to `folder`, readable by its owner alone.
    pub(crate) fn save(&self, folder: &Path) -> Result<(), KeeperError> {
        let text = serde_json::to_vec_pretty(&Document { version: VERSION, spec: self }).expect("a spec is strings and numbers");
        file::replace(&folder.join(folder::SPEC), &text)
    }

    /// Reads the spec of `folder`.
    pub(crate) fn load(folder: &Path) -> Result<Self, KeeperError> {
        let path = folder.join(folder::SPEC);
        let text = std::fs::read(&path).map_err(KeeperError::io("read", &path))?;
        let Version { version } = serde_json::from_slice(&text).map_err(KeeperError::unreadable(&path))?;
        if version > VERSION {
            return Err(KeeperError::Newer { what: path.display().to_string(), found: version, known: VERSION });
        }
        Ok(serde_json::from_slice::<Document<Self>>(&text).map_err(KeeperError::unreadable(&path))?.spec)
    }
}
