//! What a deployment is made from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The source of a deployment: a commit, or a work tree as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// What people call it: the manifest's version, else a tag on the commit, else the commit's first
    /// 8 digits (`+dirty` behind it for a changed work tree), else `unversioned`.
    pub version: String,
    /// Full hash of the commit, when there is git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch, when one was asked for or is checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// A tag on the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The work tree had changes that are in no commit.
    #[serde(default)]
    pub dirty: bool,
}
