//! What can go wrong between source and release, each with a stable code and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_model::ComponentName;

use crate::failure::Failure;

/// Why there is no release.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A branch, commit or tag was asked for where there is no git repository.
    #[error("{wanted} was asked for, and {} is in no git repository", folder.display())]
    NotARepository {
        /// What was asked for, such as `branch main`.
        wanted: String,
        /// The project's folder.
        folder: PathBuf,
    },
    /// The repository has no commit yet.
    #[error("the git repository of {} has no commit yet", folder.display())]
    NoCommits {
        /// The project's folder.
        folder: PathBuf,
    },
    /// The repository has no such branch, commit or tag.
    #[error("there is no {kind} {name:?} in the repository")]
    UnknownRevision {
        /// `branch`, `commit` or `tag`.
        kind: &'static str,
        /// What was asked for.
        name: String,
        /// The existing name that is most like it.
        near: Option<String>,
    },
    /// The commit does not hold the project.
    #[error("commit {} does not hold the project's folder {path}", &commit[..8.min(commit.len())])]
    NotInCommit {
        /// Full hash of the commit.
        commit: String,
        /// The folder, relative to the repository.
        path: String,
    },
    /// The machine has no `git`.
    #[error("{} is in a git repository, and `git` cannot be run: {source}", folder.display())]
    GitMissing {
        /// The project's folder.
        folder: PathBuf,
        /// Why it cannot be run.
        source: io::Error,
    },
    /// `git` has failed.
    #[error("`git {command}` failed in {}: {message}", folder.display())]
    Git {
        /// Its arguments.
        command: String,
        /// Where it ran.
        folder: PathBuf,
        /// What it said.
        message: String,
    },
    /// A file or folder that the manifest names is not there.
    #[error("component {component}: there is no {what} {path:?} in the project")]
    Missing {
        /// The component that needs it.
        component: ComponentName,
        /// What is missing: `folder`, or `source`.
        what: &'static str,
        /// Its path, relative to the project.
        path: String,
    },
    /// Something lies among the files that can be in no release.
    #[error("component {component}: {path:?} cannot be part of a release: {reason}")]
    Unfit {
        /// The component.
        component: ComponentName,
        /// Its path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A command of the project came to a bad end.
    #[error("{0}")]
    Command(Box<Failure>),
    /// The sources are not, or no longer, those that the release is named after.
    #[error("component {component}: its sources have changed since its release was named{}", listed(files))]
    SourcesChanged {
        /// The component.
        component: ComponentName,
        /// What was changed, added or removed, where that is known.
        files: Vec<String>,
    },
    /// The build did not make what it declares.
    #[error("component {component}: its build made no {output:?} ({} is not there)", looked.display())]
    MissingOutput {
        /// The component.
        component: ComponentName,
        /// What was declared.
        output: String,
        /// Where it was looked for.
        looked: PathBuf,
    },
    /// Two outputs want the same place in the release.
    #[error("component {component}: two of its outputs would lie at {path:?} in the release")]
    OutputClash {
        /// The component.
        component: ComponentName,
        /// The place.
        path: String,
    },
    /// A release without a file.
    #[error("component {component}: its release would be empty")]
    Empty {
        /// The component.
        component: ComponentName,
    },
    /// A file or folder could not be used.
    #[error("could not {doing} {}: {source}", path.display())]
    Io {
        /// What was tried, such as `read`.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl BuildError {
    /// A stable name of the kind of error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotARepository { .. } => "not-a-repository",
            Self::NoCommits { .. } => "no-commits",
            Self::UnknownRevision { .. } => "unknown-revision",
            Self::NotInCommit { .. } => "not-in-commit",
            Self::GitMissing { .. } => "git-missing",
            Self::Git { .. } => "git-failed",
            Self::Missing { .. } => "missing-source",
            Self::Unfit { .. } => "unfit-file",
            Self::Command(failure) => failure.code(),
            Self::SourcesChanged { .. } => "sources-changed",
            Self::MissingOutput { .. } => "missing-output",
            Self::OutputClash { .. } => "output-clash",
            Self::Empty { .. } => "empty-release",
            Self::Io { .. } => "io",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NotARepository { .. } => "deploy the folder as it is with --dirty, or make it a repository: git init".into(),
            Self::NoCommits { .. } => "commit first, or deploy the work tree as it is with --dirty".into(),
            Self::UnknownRevision { near: Some(near), .. } => format!("did you mean {near:?}?"),
            Self::UnknownRevision { kind, .. } => format!("`git {}` shows what there is; `git fetch` gets what is new", listing_of(kind)),
            Self::NotInCommit { .. } => "choose a commit that holds the project, or commit the project's folder".into(),
            Self::GitMissing { .. } => "install git, and have it on the PATH".into(),
            Self::Git { command, folder, .. } => format!("run it by hand: cd {} && git {command}", folder.display()),
            Self::Missing { .. } => "correct the path in plimsoll.toml; a deployment from a commit sees only what is committed".into(),
            Self::Unfit { .. } => "remove it, or leave it out of `output`".into(),
            Self::Command(failure) => format!("all that it printed is in {}", failure.log.display()),
            Self::SourcesChanged { .. } => "run again; if the build itself writes these files, have git ignore them".into(),
            Self::MissingOutput { .. } => "did the build write somewhere else? paths in `output` are relative to the component's folder".into(),
            Self::OutputClash { .. } => "each output lands under its last name: rename one, or declare the folder that holds both".into(),
            Self::Empty { .. } => "declare in `output` what the build makes, or check `path`".into(),
            Self::Io { .. } => "check the path, its permissions, and the space on its disk".into(),
        }
    }

    /// Makes an error of what the system said about `path`.
    pub(crate) fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Io { doing, path: path.to_path_buf(), source }
    }
}

fn listed(files: &[String]) -> String {
    const SHOWN: usize = 5;
    match files {
        [] => String::new(),
        files if files.len() > SHOWN => format!(": {} and {} more", files[..SHOWN].join(", "), files.len() - SHOWN),
        files => format!(": {}", files.join(", ")),
    }
}

fn listing_of(kind: &str) -> &'static str {
    match kind {
        "branch" => "branch --all",
        "tag" => "tag",
        _ => "log --oneline",
    }
}
