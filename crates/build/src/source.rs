//! Choosing what a deployment is made from: a commit, or the work tree as it is. Checking it out is left to [`crate::tree`].

use std::path::Path;

use plimsoll_model::manifest::project::Environment;
use plimsoll_model::source::Source;
use serde::{Deserialize, Serialize};

use crate::BuildError;
use crate::git::{Git, Repository};
use crate::refs::Refs;

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// What the environment takes by default: the work tree where it says so or where there is no git, else its branch,
    /// else what is checked out.
    #[default]
    Default,
    /// The work tree, with what is not committed.
    WorkTree,
    /// The tip of a branch: the repository's own, else `origin`'s.
    Branch(String),
    /// A commit, in any way in which git can name one.
    Commit(String),
    /// The commit that a tag is on.
    Tag(String),
}

/// Where the files of a source are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the project's own folder.
    WorkTree,
    /// In the commit that the source names.
    Commit,
}

/// A source, and where its files are.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// What is deployed, for the record.
    pub source: Source,
    /// Where it is.
    pub place: Place,
    /// The repository that it was found in.
    pub(crate) repository: Option<Repository>,
}

/// Finds out what `wanted` means in the repository around `project_dir`. `version` is the manifest's, when it has one.
///
/// # Errors
/// There is no such branch, commit or tag; there is no repository or no commit where one is needed; git fails.
pub async fn resolve(project_dir: &Path, wanted: &Wanted, environment: &Environment, version: Option<&str>) -> Result<Chosen, BuildError> {
    let repository = Repository::around(project_dir).await?;
    let wanted = effective(wanted, environment, repository.is_some());
    let chosen = match (&repository, wanted) {
        (None, Wanted::WorkTree) => chosen(Place::WorkTree, State::default(), &Refs::default(), version),
        (None, wanted) => return Err(BuildError::NotARepository { wanted: describe(&wanted), folder: project_dir.to_path_buf() }),
        (Some(repository), wanted) => in_repository(project_dir, &repository.git, &wanted, version).await?,
    };
    Ok(Chosen { repository, ..chosen })
}

/// What the default amounts to. Stays the default where it means the checked-out commit.
fn effective(wanted: &Wanted, environment: &Environment, in_git: bool) -> Wanted {
    match (wanted, &environment.branch) {
        (Wanted::Default, _) if environment.work_tree || !in_git => Wanted::WorkTree,
        (Wanted::Default, Some(branch)) => Wanted::Branch(branch.clone()),
        _ => wanted.clone(),
    }
}

async fn in_repository(folder: &Path, git: &Git, wanted: &Wanted, version: Option<&str>) -> Result<Chosen, BuildError> {
    if *wanted == Wanted::WorkTree {
        let (refs, state) = tokio::try_join!(Refs::read(git), State::read(git))?;
        return Ok(chosen(Place::WorkTree, state, &refs, version));
    }
    let refs = Refs::read(git).await?;
    let unknown = |kind, name: &str, near| match refs.is_empty() {
        true => BuildError::NoCommits { folder: folder.to_path_buf() },
        false => BuildError::UnknownRevision { kind, name: name.to_owned(), near },
    };
    let state = match wanted {
        Wanted::WorkTree | Wanted::Default => checked_out(git, &refs).await?.ok_or_else(|| unknown("commit", "HEAD", None))?,
        Wanted::Branch(name) => State::at(refs.branch(name), Some(name)).ok_or_else(|| unknown("branch", name, refs.branch_like(name)))?,
        Wanted::Tag(name) => State::at(refs.tag(name), None).ok_or_else(|| unknown("tag", name, refs.tag_like(name)))?,
        Wanted::Commit(name) => State::at(commit(git, name).await?.as_deref(), None).ok_or_else(|| unknown("commit", name, None))?,
    };
    let mut chosen = chosen(Place::Commit, state, &refs, version);
    if let Wanted::Tag(name) = wanted {
        chosen.source.tag = Some(name.clone());
    }
    Ok(chosen)
}

/// What is checked out: a branch, or a commit without one.
async fn checked_out(git: &Git, refs: &Refs) -> Result<Option<State>, BuildError> {
    match refs.checked_out() {
        Some(branch) => Ok(State::at(refs.branch(branch), Some(branch))),
        None => Ok(State::at(commit(git, "HEAD").await?.as_deref(), None)),
    }
}

/// The full hash of the commit that git knows as `name`.
async fn commit(git: &Git, name: &str) -> Result<Option<String>, BuildError> {
    if name.is_empty() || name.starts_with('-') || name.chars().any(char::is_control) {
        return Ok(None);
    }
    let answer = git.ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{name}^{{commit}}")]).await?;
    Ok(answer.status.success().then(|| String::from_utf8_lossy(&answer.stdout).trim().to_owned()))
}

/// What is known about the files before they are called something.
#[derive(Default)]
struct State {
    commit: Option<String>,
    branch: Option<String>,
    dirty: bool,
}

impl State {
    fn at(commit: Option<&str>, branch: Option<&str>) -> Option<Self> {
        commit.map(|commit| Self { commit: Some(commit.to_owned()), branch: branch.map(str::to_owned), dirty: false })
    }

    /// What is checked out, and whether the project's folder differs from it.
    async fn read(git: &Git) -> Result<Self, BuildError> {
        let question = ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--", ".", ":(exclude).plimsoll"];
        Ok(Self::parse(&String::from_utf8_lossy(&git.run(&question).await?)))
    }

    fn parse(status: &str) -> Self {
        let mut state = Self::default();
        for entry in status.split('\0').filter(|entry| !entry.is_empty()) {
            match entry.split_once(' ') {
                Some(("#", header)) => state.header(header),
                _ => state.dirty = true,
            }
        }
        state
    }

    fn header(&mut self, header: &str) {
        match header.split_once(' ') {
            Some(("branch.oid", oid)) if oid != "(initial)" => self.commit = Some(oid.to_owned()),
            Some(("branch.head", head)) if head != "(detached)" => self.branch = Some(head.to_owned()),
            _ => {}
        }
    }
}

fn chosen(place: Place, state: State, refs: &Refs, version: Option<&str>) -> Chosen {
    let tag = state.commit.as_deref().and_then(|commit| refs.tag_on(commit)).map(str::to_owned);
    let State { commit, branch, dirty } = state;
    let version = version.map_or_else(|| called(commit.as_deref(), tag.as_deref(), dirty), str::to_owned);
    Chosen { source: Source { version, commit, branch, tag, dirty }, place, repository: None }
}

/// What people call a source that the manifest gives no version.
fn called(commit: Option<&str>, tag: Option<&str>, dirty: bool) -> String {
    let Some(name) = tag.or(commit.map(|commit| &commit[..8.min(commit.len())])) else { return "unversioned".into() };
    format!("{name}{}", if dirty { "+dirty" } else { "" })
}

fn describe(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Default => "the checked-out commit".into(),
        Wanted::WorkTree => "the work tree".into(),
        Wanted::Branch(name) => format!("branch {name:?}"),
        Wanted::Commit(name) => format!("commit {name:?}"),
        Wanted::Tag(name) => format!("tag {name:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_called_by_its_tag_or_commit() {
        let check = |commit: Option<&str>, tag: Option<&str>, dirty: bool, expect: &str| assert_eq!(called(commit, tag, dirty), expect);
        check(None, None, true, "unversioned");
        check(Some("0123456789"), None, false, "01234567");
        check(Some("0123456789"), None, true, "01234567+dirty");
        check(Some("0123456789"), Some("v1"), false, "v1");
    }

    #[test]
    fn the_state_of_a_work_tree_is_read() {
        let check = |status: &str, expect: (Option<&str>, Option<&str>, bool)| {
            let state = State::parse(status);
            assert_eq!((state.commit.as_deref(), state.branch.as_deref(), state.dirty), expect, "{status:?}");
        };
        check("# branch.oid (initial)\0# branch.head main\0", (None, Some("main"), false));
        check("# branch.oid abc\0# branch.head (detached)\0", (Some("abc"), None, false));
        check("# branch.oid abc\0# branch.head dev\0? new\0", (Some("abc"), Some("dev"), true));
    }
}
