//! Which files a source consists of. What is in them is left to [`crate::inventory`].

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::git::Git;
use crate::tree::Files;
use crate::{BuildError, Sources};

/// What each file is to git, by path relative to the project, in order.
pub(crate) type Listing = BTreeMap<PathBuf, Standing>;

/// What a file is to git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was added: it belongs to the source.
    Tracked,
    /// It lies there, and nothing says that it is to be ignored.
    Untracked,
}

/// Folders that hold what tools keep for themselves, never what a release is made from.
const OURS: [&str; 2] = [".git", ".plimsoll"];

/// Lists the files of `sources`. Files that were deleted and not committed may be among them.
///
/// # Errors
/// Git fails, or a folder cannot be read.
pub(crate) async fn list(sources: &Sources) -> Result<Listing, BuildError> {
    match sources.files() {
        Files::Folder => walk(sources.root()),
        Files::Git { git, untracked, submodules } => {
            let mut listing = known_to_git(git, *untracked).await?;
            if *submodules {
                add_submodules(git, sources.root(), *untracked, &mut listing).await?;
            }
            Ok(nested(listing))
        }
    }
}

async fn known_to_git(git: &Git, untracked: bool) -> Result<Listing, BuildError> {
    let question: &[&str] = match untracked {
        true => &["ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard"],
        false => &["ls-files", "-z", "-t", "--cached"],
    };
    Ok(git.run(question).await?.split(|byte| *byte == 0).filter_map(entry).collect())
}

/// One answer of `ls-files -t`: a letter, a space, the path.
fn entry(bytes: &[u8]) -> Option<(PathBuf, Standing)> {
    let (letter, path) = (bytes.first()?, bytes.get(2..)?);
    let standing = if *letter == b'?' { Standing::Untracked } else { Standing::Tracked };
    Some((PathBuf::from(OsStr::from_bytes(path)), standing))
}

/// Puts the files of each submodule in its place. One that was not fetched has none.
async fn add_submodules(git: &Git, root: &Path, untracked: bool, listing: &mut Listing) -> Result<(), BuildError> {
    let mut waiting = submodules(git, Path::new("")).await?;
    while let Some(path) = waiting.pop() {
        listing.remove(&path);
        let folder = root.join(&path);
        if !folder.join(".git").exists() {
            continue;
        }
        let inner = Git::at(&folder);
        waiting.extend(submodules(&inner, &path).await?);
        listing.extend(known_to_git(&inner, untracked).await?.into_iter().map(|(file, standing)| (path.join(file), standing)));
    }
    Ok(())
}

/// The submodules that `git` knows, `above` before their paths.
async fn submodules(git: &Git, above: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let staged = git.run(&["ls-files", "-z", "--stage"]).await?;
    let links = staged.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"160000 "));
    let paths = links.filter_map(|entry| entry.splitn(2, |byte| *byte == b'\t').nth(1));
    Ok(paths.map(|path| above.join(OsStr::from_bytes(path))).collect())
}

/// Leaves out what is ours and git's own.
fn nested(listing: Listing) -> Listing {
    listing.into_iter().filter(|(path, _)| !path.iter().any(|part| OURS.iter().any(|ours| part == *ours))).collect()
}

/// What lies in a folder without git. `.gitignore` files count here too.
fn walk(root: &Path) -> Result<Listing, BuildError> {
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(false).git_ignore(true).require_git(false).follow_links(false);
    walk.filter_entry(|entry| !OURS.iter().any(|ours| entry.file_name() == *ours));
    let mut listing = Listing::new();
    for entry in walk.build() {
        let entry = entry.map_err(|error| BuildError::io("list", root)(std::io::Error::other(error)))?;
        if entry.file_type().is_some_and(|kind| !kind.is_dir()) {
            let path = entry.path().strip_prefix(root).expect("a walk stays below the folder that it starts from");
            listing.insert(path.to_path_buf(), Standing::Untracked);
        }
    }
    Ok(listing)
}
