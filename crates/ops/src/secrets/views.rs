//! Secrets as they are told: by name, never by value.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_model::ComponentName;
use schemars::JsonSchema;
use serde::Serialize;

/// Who wants a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SecretUsers {
    /// The components that get it as a variable.
    pub components: BTreeSet<ComponentName>,
    /// The files of the certificates whose private key it is.
    pub certificates: BTreeSet<String>,
}

/// A secret that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SecretView {
    /// Its name.
    pub name: String,
    /// Who wants it.
    #[serde(flatten)]
    pub users: SecretUsers,
    /// Where its value comes from; none when nowhere.
    #[serde(flatten)]
    pub source: Option<SecretSource>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SecretSource {
    /// The variable of its name, where plimsoll was called.
    Variable,
    /// The environment's file.
    File {
        /// Where it lies, from the project's folder.
        file: String,
    },
    /// A command of the manifest.
    Command {
        /// Its command line.
        command: String,
    },
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str("the variable of its name"),
            Self::File { file } => f.write_str(file),
            Self::Command { command } => write!(f, "the command `{command}`"),
        }
    }
}
