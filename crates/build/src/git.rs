//! Asking `git`: running it, reading what it answers, and finding the repository around a project.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::{BuildError, process};

/// `git`, at work in one folder.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    folder: PathBuf,
    /// The repository's own folder and the work tree, where git would not find them by itself.
    place: Vec<String>,
}

impl Git {
    /// Works in `folder`, on the repository around it.
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), place: Vec::new() }
    }

    /// Works on `work_tree` with the index and HEAD of `git_dir`, which may be another than the repository's own.
    pub(crate) fn on(git_dir: &Path, work_tree: &Path) -> Self {
        let place = vec![format!("--git-dir={}", git_dir.display()), format!("--work-tree={}", work_tree.display())];
        Self { folder: work_tree.to_path_buf(), place }
    }

    /// What `git ARGUMENTS` prints.
    ///
    /// # Errors
    /// It cannot be run, or fails.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, BuildError> {
        let output = self.ask(arguments).await?;
        if output.status.success() { Ok(output.stdout) } else { Err(self.failed(arguments, &output)) }
    }

    /// How `git ARGUMENTS` ended, for questions that it answers with its exit code.
    ///
    /// # Errors
    /// It cannot be run.
    pub(crate) async fn ask(&self, arguments: &[&str]) -> Result<Output, BuildError> {
        let output = process::git(&self.folder).args(&self.place).args(arguments).output().await;
        output.map_err(|source| BuildError::GitMissing { folder: self.folder.clone(), source })
    }

    fn failed(&self, arguments: &[&str], output: &Output) -> BuildError {
        let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        BuildError::Git { command: arguments.join(" "), folder: self.folder.clone(), message }
    }
}

/// The repository that holds a project.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    /// Its top folder.
    pub(crate) top: PathBuf,
    /// The project's folder within it: empty, or with `/` at its end.
    pub(crate) prefix: String,
    /// Where its objects and branches are.
    pub(crate) common: PathBuf,
    /// Git, at work in the project's folder.
    pub(crate) git: Git,
}

impl Repository {
    /// The repository around `folder`. None when there is none, or when it ignores `folder`: then it is not its repository.
    ///
    /// # Errors
    /// There is one, and git cannot be run or refuses it.
    pub(crate) async fn around(folder: &Path) -> Result<Option<Self>, BuildError> {
        let git = Git::at(folder);
        let question = ["rev-parse", "--path-format=absolute", "--show-toplevel", "--git-common-dir", "--show-prefix"];
        let (answer, ignored) = match tokio::join!(git.ask(&question), git.ask(&["check-ignore", "--quiet", "."])) {
            (Err(BuildError::GitMissing { source, .. }), _) if source.kind() == io::ErrorKind::NotFound && !any_above(folder) => return Ok(None),
            (answer, ignored) => (answer?, ignored?),
        };
        if !answer.status.success() {
            let none = String::from_utf8_lossy(&answer.stderr).contains("not a git repository") && !any_above(folder);
            return if none { Ok(None) } else { Err(git.failed(&question, &answer)) };
        }
        if ignored.status.success() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&answer.stdout).into_owned();
        let mut lines = text.lines();
        let mut next = || lines.next().unwrap_or_default().to_owned();
        Ok(Some(Self { top: next().into(), common: next().into(), prefix: next(), git }))
    }
}

/// Whether there is something of git's in `folder` or above.
fn any_above(folder: &Path) -> bool {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    absolute.ancestors().any(|folder| folder.join(".git").exists())
}
