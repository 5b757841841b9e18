//! Deeds: all that setting up a server comes down to. They are data, so that they can be shown, tested, recorded and undone.

use serde::{Deserialize, Serialize};

/// Something that is done to a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum Deed {
    /// A file gets this content, these permissions and this owner. What was there before comes back when it is undone.
    File {
        /// Where it is.
        path: String,
        /// All of it.
        content: String,
        /// Its permissions, such as `0o644`.
        mode: u32,
        /// Whose it is.
        owner: Owner,
    },
    /// The program that runs here becomes [`crate::PROGRAM`]. The one of before is kept beside it, and comes back when it is undone.
    Program,
    /// A command that can be repeated.
    Run {
        /// What is run.
        command: Command,
        /// What undoes it, unless nothing has to.
        undo: Option<Command>,
    },
}

/// Whose a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// Root's.
    Root,
    /// A login's, in its own group; so is the folder, which is made for it alone when it is missing.
    Login(String),
}

/// A program with its arguments. No shell reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command(pub Vec<String>);

impl Command {
    /// The words of a line. None of them has a space in it.
    #[must_use]
    pub fn new(line: &str) -> Self {
        Self(line.split_whitespace().map(str::to_owned).collect())
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl Deed {
    /// A file of root's that everybody may read.
    #[must_use]
    pub fn file(path: &str, content: impl Into<String>) -> Self {
        Self::File { path: path.into(), content: content.into(), mode: 0o644, owner: Owner::Root }
    }

    /// A command that needs no undoing.
    #[must_use]
    pub fn run(line: &str) -> Self {
        Self::Run { command: Command::new(line), undo: None }
    }

    /// A command and what undoes it.
    #[must_use]
    pub fn undoable(line: &str, undo: &str) -> Self {
        Self::Run { command: Command::new(line), undo: Some(Command::new(undo)) }
    }
}
