//! Secrets as they are told: by name, never by value.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_model::ComponentName;
use serde::Serialize;

/// A secret that components want.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretView {
    /// Its name.
    pub name: String,
    /// The components that get it.
    pub components: BTreeSet<ComponentName>,
    /// Where its value comes from; none when nowhere.
    #[serde(flatten)]
    pub source: Option<SecretSource>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SecretSource {
    /// The variable of its name, where plimsoll was called.
    Variable,
    /// A command of the manifest.
    Command {
        /// Its command line.
        command: String,
    },
    /// The environment's file.
    File {
        /// Where it lies, from the project's folder.
        file: String,
    },
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str("the variable of its name"),
            Self::Command { command } => write!(f, "the command `{command}`"),
            Self::File { file } => f.write_str(file),
        }
    }
}
