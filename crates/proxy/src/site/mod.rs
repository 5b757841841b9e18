//! A site: a folder of files that the proxy serves itself.
//!
//! Which file a path means is [`resolve`]'s business, in which encoding and which part of it go out that of
//! [`encoding`] and [`range`], whether the client has it already that of [`condition`], how long it may keep it that
//! of [`freshness`], and sending it that of [`stream`]. [`respond`] tells the story.

mod condition;
mod encoding;
mod freshness;
mod range;
mod resolve;
mod respond;
pub(crate) mod stream;
mod tag;

use std::path::{Path, PathBuf};

pub(crate) use respond::respond;

/// A folder that is served.
#[derive(Debug)]
pub(crate) struct Site {
    given: PathBuf,
    root: PathBuf,
    tags: tag::Tags,
}

impl Site {
    /// Serves from `root`. One that does not exist has no files.
    pub(crate) fn new(root: &Path) -> Self {
        let resolved = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Self { given: root.to_owned(), root: resolved, tags: tag::Tags::default() }
    }

    /// The folder as the table names it.
    pub(crate) fn given(&self) -> &Path {
        &self.given
    }
}
