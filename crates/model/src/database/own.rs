//! The project's own tool, which migrates a database in the place of ours: Alembic, Prisma, Rails and the like.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::slot::Limits;
use crate::{ComponentName, Digest};

/// A tool, and the migrations that it is to apply.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Own {
    /// How it is run.
    pub tool: Tool,
    /// What tells whether there is something for it to do.
    pub files: Files,
}

/// How a tool is run: in a release of the component that it belongs to, as that component's programs are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// That component.
    pub component: ComponentName,
    /// Command line that applies all migrations of the release, and does nothing where there are none to apply.
    pub up: String,
    /// Command line that leads back to the level in the variable `PLIMSOLL_TARGET`; nothing is undone without it.
    pub down: Option<String>,
    /// Command line that prints the level of the schema: the same words for the same schema.
    pub status: String,
    /// How long one run may take, in milliseconds.
    pub timeout_ms: u64,
    /// The component's environment variables.
    pub env: BTreeMap<String, String>,
    /// Names of the secrets that it gets as environment variables.
    pub secrets: BTreeSet<String>,
    /// The user that the component runs as, where it asks for one.
    pub user: Option<String>,
    /// What it may use.
    pub limits: Limits,
}

/// The files of a tool's migrations. Only the tool knows what they do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Files {
    /// Their paths, relative to their folder.
    pub names: BTreeSet<String>,
    /// Hash of all paths and contents.
    pub content: Digest,
}

impl Default for Files {
    fn default() -> Self {
        Self { names: BTreeSet::new(), content: Digest::ZERO }
    }
}
