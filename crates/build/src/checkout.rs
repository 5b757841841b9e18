//! Checking a commit out into the kept folder, touching nothing in it that need not change.
//!
//! The folder is a work tree of the user's repository: it has a HEAD and an index of its own, and shares objects, branches
//! and configuration. Builds that ask git find what they expect; the repository itself is not written to (but that git notes
//! there which submodules are in use). The whole
//! repository is checked out, since what is built in a sub-folder may need the rest. The caller holds the lock.

use std::fs;
use std::path::Path;

use crate::git::{Git, Repository};
use crate::{BuildError, Cache, durable};

/// Settings of the user's work tree that must not shape this one.
const OWN: [&str; 4] = ["-c", "core.sparseCheckout=false", "-c", "core.fsmonitor=false"];

/// Makes the kept folder hold `commit`: files that differ are written, files that left git are removed, what git ignores
/// stays. Answers whether the repository has submodules.
///
/// # Errors
/// Git fails, or the cache cannot be written.
pub(crate) async fn check_out(repository: &Repository, commit: &str, cache: &Cache) -> Result<bool, BuildError> {
    let (git_dir, tree) = (cache.git(), cache.source());
    prepare(&repository.common, &git_dir, &tree, commit)?;
    let git = Git::on(&git_dir, &tree);
    let read = git.run(&[&OWN[..], &["read-tree", "--reset", "-u", commit]].concat()).await;
    if let Err(error) = read {
        retry_without_index(&git, &git_dir, commit, error).await?;
    }
    durable::write(&git_dir.join("HEAD"), format!("{commit}\n").as_bytes())?;
    // What neither the commit nor .gitignore knows was left by an earlier run, and could find its way into a release.
    git.run(&["clean", "-ffdq"]).await?;
    let submodules = tree.join(".gitmodules").exists();
    if submodules {
        Git::at(&tree).run(&["submodule", "update", "--init", "--recursive", "--force", "--quiet"]).await?;
    }
    Ok(submodules)
}

/// Makes the two folders, and points them at each other and at the repository.
fn prepare(common: &Path, git_dir: &Path, tree: &Path, commit: &str) -> Result<(), BuildError> {
    durable::folder(git_dir)?;
    durable::folder(tree)?;
    durable::write(&git_dir.join("commondir"), format!("{}\n", common.display()).as_bytes())?;
    durable::write(&tree.join(".git"), format!("gitdir: {}\n", git_dir.display()).as_bytes())?;
    if !git_dir.join("HEAD").exists() {
        durable::write(&git_dir.join("HEAD"), format!("{commit}\n").as_bytes())?;
    }
    // Left by a run that was killed: nobody else can be at work here.
    remove(&git_dir.join("index.lock"))
}

/// A damaged index costs a full checkout, no more.
async fn retry_without_index(git: &Git, git_dir: &Path, commit: &str, error: BuildError) -> Result<(), BuildError> {
    let index = git_dir.join("index");
    if !index.exists() {
        return Err(error);
    }
    remove(&index)?;
    git.run(&[&OWN[..], &["read-tree", "--reset", "-u", commit]].concat()).await.map(drop)
}

fn remove(path: &Path) -> Result<(), BuildError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(BuildError::io("remove", path)(error)),
        _ => Ok(()),
    }
}
