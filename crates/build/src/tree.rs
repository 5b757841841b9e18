//! The folder that a source is built in: the project's own, or a kept one where commits are checked out.

use std::path::{Path, PathBuf};

use plimsoll_model::source::Source;

use crate::git::{Git, Repository};
use crate::lock::Lock;
use crate::source::{Chosen, Place};
use crate::{BuildError, BuildEvent, Cache, Notify, checkout};

/// The files of a source, for as long as they are needed: until this is dropped, no other run changes the kept folder.
#[derive(Debug)]
#[must_use]
pub struct Sources {
    root: PathBuf,
    source: Source,
    files: Files,
    _lock: Option<Lock>,
}

/// Who knows which files belong to a source.
#[derive(Debug, Clone)]
pub(crate) enum Files {
    /// Git: those in the index, and in a work tree also those that it does not ignore.
    Git {
        /// At work in the project's folder.
        git: Git,
        /// Whether files count that were never added.
        untracked: bool,
        /// Whether the repository has submodules.
        submodules: bool,
    },
    /// The folder itself, less what `.gitignore` files name.
    Folder,
}

impl Sources {
    /// Makes the files of `chosen` available. A commit is checked out into the cache's kept folder, where only what differs
    /// is written and ignored files stay, so that builds stay warm; another run that uses it is waited for.
    ///
    /// # Errors
    /// Git fails, the commit does not hold the project, or the cache cannot be written.
    pub async fn open(project_dir: &Path, chosen: &Chosen, cache: &Cache, notify: Notify<'_>) -> Result<Self, BuildError> {
        match (chosen.place, &chosen.source.commit, &chosen.repository) {
            (Place::Commit, Some(commit), Some(repository)) => Self::checked_out(repository, commit, chosen, cache, notify).await,
            (Place::Commit, ..) => Err(BuildError::NoCommits { folder: project_dir.to_path_buf() }),
            (Place::WorkTree, _, repository) => Self::as_it_is(project_dir, repository.as_ref(), chosen),
        }
    }

    /// The project's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What it is made from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Who knows which files belong to it.
    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    /// Whether the files can change while they are used.
    pub(crate) fn can_change(&self) -> bool {
        self._lock.is_none()
    }

    fn as_it_is(project_dir: &Path, repository: Option<&Repository>, chosen: &Chosen) -> Result<Self, BuildError> {
        let root = project_dir.canonicalize().map_err(BuildError::io("find", project_dir))?;
        let files = repository.map_or(Files::Folder, |repository| Files::Git {
            git: repository.git.clone(),
            untracked: true,
            submodules: repository.top.join(".gitmodules").exists(),
        });
        Ok(Self { root, source: chosen.source.clone(), files, _lock: None })
    }

    async fn checked_out(repository: &Repository, commit: &str, chosen: &Chosen, cache: &Cache, notify: Notify<'_>) -> Result<Self, BuildError> {
        let lock = Lock::take(&cache.source_lock(), "the kept source", notify).await?;
        let submodules = checkout::check_out(repository, commit, cache).await?;
        notify(BuildEvent::CheckedOut { commit: commit.to_owned() });
        let root = cache.source().join(repository.prefix.trim_end_matches('/'));
        if !root.is_dir() {
            return Err(BuildError::NotInCommit { commit: commit.to_owned(), path: repository.prefix.clone() });
        }
        let files = Files::Git { git: Git::at(&root), untracked: false, submodules };
        Ok(Self { root, source: chosen.source.clone(), files, _lock: Some(lock) })
    }
}
