//! Releases: immutable builds of components, named by what they are made from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ComponentName, Digest, RelPath, ReleaseId};

/// What a release consists of: its name, and every file in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseManifest {
    /// Its name: the hash of the component's sources, its build recipe and its platform.
    pub id: ReleaseId,
    /// The component that it is a build of.
    pub component: ComponentName,
    /// Its files, ordered by path, each path once.
    pub files: Vec<FileEntry>,
}

/// One entry of a release. Folders are implied by the files in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEntry {
    /// Where it lies, relative to the release.
    pub path: RelPath,
    /// What it is.
    #[serde(flatten)]
    pub content: FileContent,
}

/// What lies at a path of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FileContent {
    /// A regular file.
    File {
        /// Hash of its bytes.
        digest: Digest,
        /// Its length in bytes.
        size: u64,
        /// Whether it can be executed. No other permission is kept.
        executable: bool,
    },
    /// A symbolic link.
    Link {
        /// Its target: relative, and inside the release.
        target: String,
    },
}

impl ReleaseManifest {
    /// Sum of the sizes of all files, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().map(|entry| if let FileContent::File { size, .. } = entry.content { size } else { 0 }).sum()
    }
}
