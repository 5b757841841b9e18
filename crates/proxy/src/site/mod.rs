//! A site: a folder of files that the proxy serves itself.

use std::path::{Path, PathBuf};

/// A folder that is served.
#[derive(Debug)]
pub(crate) struct Site {
    given: PathBuf,
    root: PathBuf,
}

impl Site {
    /// Serves from `root`. One that does not exist has no files.
    pub(crate) fn new(root: &Path) -> Self {
        Self { given: root.to_owned(), root: root.canonicalize().unwrap_or_else(|_| root.to_owned()) }
    }

    /// The folder as the table names it.
    pub(crate) fn given(&self) -> &Path {
        &self.given
    }
}
