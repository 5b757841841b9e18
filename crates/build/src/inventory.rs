//! What each component is made from: its files, and what is in them. What that is called is left to [`crate::name`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_model::manifest::project::{Component, Project};
use plimsoll_model::{ComponentName, Digest, RelPath};

use crate::blocking::blocking;
use crate::listing::{Listing, Standing, list};
use crate::{BuildError, Sources, hash};

/// The files that one component is made from, by path relative to the project.
pub(crate) type Inventory = BTreeMap<RelPath, Stamp>;

/// What a file holds, as far as a release depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// A regular file.
    File {
        /// Hash of its bytes.
        digest: Digest,
        /// Whether it can be executed.
        executable: bool,
    },
    /// A symbolic link and its target.
    Link(PathBuf),
}

/// The manifest. It describes releases and is in none, unless a component names it among its sources.
pub(crate) const MANIFEST: &str = "plimsoll.toml";

/// Folders that tools fill, and that nobody commits. Not sources, where there is a build to fill them.
const FILLED: [&str; 4] = ["node_modules", "target", "__pycache__", ".venv"];

/// Takes the inventory of `components`. They share one listing, and a file that several are made from is read once.
///
/// # Errors
/// A component's folder or source is missing, a file cannot be part of a release or be read, or git fails.
pub(crate) async fn take(
    sources: &Sources,
    project: &Project,
    components: impl IntoIterator<Item = &ComponentName>,
) -> Result<BTreeMap<ComponentName, Inventory>, BuildError> {
    let listing = list(sources).await?;
    let mut chosen = BTreeMap::new();
    for (name, component) in components.into_iter().filter_map(|name| project.components.get_key_value(name)) {
        check_folders(sources.root(), name, component)?;
        chosen.insert(name.clone(), select(name, component, &listing)?);
    }
    let root: Arc<Path> = sources.root().into();
    blocking(move || stamp_all(&root, &chosen).map(|stamps| assemble(chosen, &stamps))).await
}

fn check_folders(root: &Path, name: &ComponentName, component: &Component) -> Result<(), BuildError> {
    let missing = |what, path: &RelPath| BuildError::Missing { component: name.clone(), what, path: path.to_string() };
    let folder = component.path.under(root);
    match fs::symlink_metadata(&folder) {
        Ok(found) if found.is_dir() || component.path == RelPath::here() => {}
        Ok(_) => return Err(unfit(name, component.path.as_str(), "a component's `path` is a folder, not a file or link")),
        Err(_) => return Err(missing("folder", &component.path)),
    }
    let lost = component.sources.iter().find(|source| fs::symlink_metadata(source.under(root)).is_err());
    lost.map_or(Ok(()), |source| Err(missing("source", source)))
}

/// The files that a component is made from.
fn select(name: &ComponentName, component: &Component, listing: &Listing) -> Result<Vec<RelPath>, BuildError> {
    let mine = listing.iter().filter(|(path, standing)| belongs(component, path, **standing));
    mine.map(|(path, _)| portable(name, path)).collect()
}

fn belongs(component: &Component, path: &Path, standing: Standing) -> bool {
    let named = component.sources.iter().any(|source| *source != RelPath::here() && path.starts_with(source.as_str()));
    let below = inner(component, path).is_some() || component.sources.contains(&RelPath::here());
    (named || below && path != Path::new(MANIFEST)) && !(standing == Standing::Untracked && is_made(component, path))
}

/// Whether a file that nobody added is there because a build made it: the component's own, or another's in its further sources.
fn is_made(component: &Component, path: &Path) -> bool {
    let inner = inner(component, path);
    let output = component.build.iter().flat_map(|build| &build.output).filter(|output| **output != RelPath::here());
    let declared = inner.is_some_and(|inner| output.into_iter().any(|output| inner.starts_with(output.as_str())));
    let as_it_is = component.build.is_none() && inner.is_some();
    declared || !as_it_is && path.iter().any(|part| FILLED.iter().any(|filled| part == *filled))
}

/// `path` relative to the component's folder, when it is in there.
fn inner<'a>(component: &Component, path: &'a Path) -> Option<&'a Path> {
    if component.path == RelPath::here() { Some(path) } else { path.strip_prefix(component.path.as_str()).ok() }
}

/// `path`, if it can be the same path everywhere.
pub(crate) fn portable(component: &ComponentName, path: &Path) -> Result<RelPath, BuildError> {
    let shown = || path.to_string_lossy().escape_debug().to_string();
    let text = path.to_str().ok_or_else(|| unfit(component, &shown(), "its name is not UTF-8"))?;
    RelPath::new(text).map_err(|error| unfit(component, &shown(), &error.to_string()))
}

/// Reads each file once. None for those that are gone, or are no files.
fn stamp_all(root: &Path, chosen: &BTreeMap<ComponentName, Vec<RelPath>>) -> Result<BTreeMap<RelPath, Stamp>, BuildError> {
    let all: Vec<&RelPath> = chosen.values().flatten().collect::<BTreeSet<_>>().into_iter().collect();
    let stamps = hash::each(&all, |path| stamp(&path.under(root)).map_err(BuildError::io("read", &path.under(root))))?;
    Ok(all.into_iter().cloned().zip(stamps).filter_map(|(path, stamp)| Some((path, stamp?))).collect())
}

fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        found => found?,
    };
    match found.file_type() {
        kind if kind.is_symlink() => fs::read_link(path).map(|target| Some(Stamp::Link(target))),
        kind if kind.is_file() => hash::file(path).map(|digest| Some(Stamp::File { digest, executable: is_executable(&found) })),
        // A folder that took a file's place, whose files are listed themselves, or something that can be in no release.
        _ => Ok(None),
    }
}

/// The paths at which two inventories differ.
pub(crate) fn differences(before: &Inventory, after: &Inventory) -> Vec<String> {
    let paths: BTreeSet<&RelPath> = before.keys().chain(after.keys()).collect();
    paths.into_iter().filter(|path| before.get(*path) != after.get(*path)).map(RelPath::to_string).collect()
}

/// Whether its owner may execute a file.
pub(crate) fn is_executable(found: &Metadata) -> bool {
    found.permissions().mode() & 0o100 != 0
}

fn assemble(chosen: BTreeMap<ComponentName, Vec<RelPath>>, stamps: &BTreeMap<RelPath, Stamp>) -> BTreeMap<ComponentName, Inventory> {
    let inventory =
        |paths: Vec<RelPath>| paths.into_iter().filter_map(|path| stamps.get_key_value(&path)).map(|(p, s)| (p.clone(), s.clone())).collect();
    chosen.into_iter().map(|(name, paths)| (name, inventory(paths))).collect()
}

/// Says that something cannot be part of a component's release.
pub(crate) fn unfit(component: &ComponentName, path: &str, reason: &str) -> BuildError {
    BuildError::Unfit { component: component.clone(), path: path.to_owned(), reason: reason.to_owned() }
}
