//! Gathering what goes into a release, and refusing what cannot: from a component's sources, or from what its build made.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};
use plimsoll_model::manifest::project::Component;
use plimsoll_model::{ComponentName, Digest, RelPath};

use crate::inventory::{Inventory, MANIFEST, Stamp, is_executable, portable, unfit};
use crate::{BuildError, links};

/// Something that goes into a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A regular file, and where it lies now.
    File {
        /// Where it is copied from.
        from: PathBuf,
        /// Whether it can be executed.
        executable: bool,
        /// Its hash, where that is known already.
        digest: Option<Digest>,
    },
    /// A link and its target.
    Link(String),
}

/// What goes into a release, by path within it.
pub(crate) type Load = BTreeMap<RelPath, Item>;

/// Never part of a release.
const LEFT_OUT: [&str; 2] = [".git", ".plimsoll"];

/// Gathers the release of `component`, whose folder is `folder`: each declared output under its last name, or the
/// component's own files where there is no build.
///
/// # Errors
/// An output is missing, two want the same place, or something lies there that can be in no release.
pub(crate) fn gather(name: &ComponentName, component: &Component, folder: &Path, inventory: &Inventory) -> Result<Load, BuildError> {
    let gather = Gather { name, folder, is_project: component.path == RelPath::here() };
    let mut load = Load::new();
    match &component.build {
        None => gather.own(component, inventory, &mut load)?,
        Some(build) => build.output.iter().try_for_each(|output| gather.output(output, &mut load))?,
    }
    gather.check(&load)?;
    Ok(load)
}

/// What lies somewhere.
struct Found<'a> {
    from: PathBuf,
    about: &'a Metadata,
    digest: Option<Digest>,
}

struct Gather<'a> {
    name: &'a ComponentName,
    folder: &'a Path,
    /// Whether the component's folder is the project's, where the manifest lies.
    is_project: bool,
}

impl Gather<'_> {
    /// The files of the component's own folder.
    fn own(&self, component: &Component, inventory: &Inventory, load: &mut Load) -> Result<(), BuildError> {
        let inside = |path: &RelPath| match component.path.as_str() {
            "." => Some(path.clone()),
            folder => path.as_str().strip_prefix(folder)?.strip_prefix('/').and_then(|rest| RelPath::new(rest).ok()),
        };
        for (to, stamp) in inventory.iter().filter_map(|(path, stamp)| Some((inside(path)?, stamp))) {
            let from = to.under(self.folder);
            let found = fs::symlink_metadata(&from).map_err(BuildError::io("read", &from))?;
            let digest = if let Stamp::File { digest, .. } = stamp { Some(*digest) } else { None };
            self.put(to, Found { from, about: &found, digest }, load)?;
        }
        Ok(())
    }

    /// A declared output: a file, or a folder with all that is in it.
    fn output(&self, output: &RelPath, load: &mut Load) -> Result<(), BuildError> {
        let missing = |looked| BuildError::MissingOutput { component: self.name.clone(), output: output.to_string(), looked };
        // What was declared may itself be a link to what the build made.
        let from = output.under(self.folder).canonicalize().map_err(|_| missing(output.under(self.folder)))?;
        let last = output.last().map(Path::new).unwrap_or(Path::new(""));
        let found = fs::metadata(&from).map_err(BuildError::io("read", &from))?;
        if !found.is_dir() {
            return self.put(portable(self.name, last)?, Found { from, about: &found, digest: None }, load);
        }
        for entry in everything(&from, self.is_project && *output == RelPath::here()) {
            let entry = entry.map_err(|error| BuildError::io("list", &from)(std::io::Error::other(error)))?;
            let found = entry.metadata().map_err(|error| BuildError::io("read", entry.path())(std::io::Error::other(error)))?;
            if !found.is_dir() {
                let inner = entry.path().strip_prefix(&from).expect("a walk stays below the folder that it starts from");
                self.put(portable(self.name, &last.join(inner))?, Found { from: entry.path().to_path_buf(), about: &found, digest: None }, load)?;
            }
        }
        Ok(())
    }

    fn put(&self, to: RelPath, found: Found<'_>, load: &mut Load) -> Result<(), BuildError> {
        let Found { from, about, digest } = found;
        let item = match about.file_type() {
            kind if kind.is_file() => Item::File { executable: is_executable(about), from, digest },
            kind if kind.is_symlink() => {
                let target = fs::read_link(&from).map_err(BuildError::io("read", &from))?;
                Item::Link(target.into_os_string().into_string().map_err(|_| unfit(self.name, to.as_str(), "its target is not UTF-8"))?)
            }
            _ => return Err(unfit(self.name, to.as_str(), "it is neither file, folder nor link")),
        };
        match load.insert(to.clone(), item) {
            None => Ok(()),
            Some(_) => Err(self.clash(&to)),
        }
    }

    /// Judges the release as a whole.
    fn check(&self, load: &Load) -> Result<(), BuildError> {
        if load.is_empty() {
            return Err(BuildError::Empty { component: self.name.clone() });
        }
        let links = load.iter().filter_map(|(path, item)| if let Item::Link(to) = item { Some((path.to_string(), to.clone())) } else { None });
        let links: BTreeMap<String, String> = links.collect();
        for path in load.keys() {
            if let Some(above) = ancestors(path).find(|above| load.contains_key(above)) {
                return Err(self.clash(&above));
            }
        }
        let bad = links.keys().find_map(|path| links::judge(path, &links).map(|reason| unfit(self.name, path, &reason)));
        bad.map_or(Ok(()), Err)
    }

    fn clash(&self, path: &RelPath) -> BuildError {
        BuildError::OutputClash { component: self.name.clone(), path: path.to_string() }
    }
}

/// All that lies below `top`, less what is git's and ours; and less the manifest, where it lies right there.
fn everything(top: &Path, has_manifest: bool) -> ignore::Walk {
    let manifest = has_manifest.then(|| top.join(MANIFEST));
    let kept = move |entry: &DirEntry| {
        !LEFT_OUT.iter().any(|name| entry.file_name() == *name) && manifest.as_deref().is_none_or(|manifest| entry.path() != manifest)
    };
    WalkBuilder::new(top).standard_filters(false).follow_links(false).filter_entry(kept).build()
}

/// The folders above a path.
fn ancestors(path: &RelPath) -> impl Iterator<Item = RelPath> + '_ {
    let text = path.as_str();
    text.match_indices('/').filter_map(|(at, _)| RelPath::new(&text[..at]).ok())
}
