//! Naming releases by what they are made from, so that a plan can name them without building.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::database::Files;
use plimsoll_model::manifest::project::{Build, Component, Project};
use plimsoll_model::{ComponentName, Digest, RelPath, ReleaseId};

use crate::inventory::{self, Inventory, Stamp};
use crate::{BuildError, Sources};

/// Goes into every name. Another way of naming needs another one, or old names would be taken for new ones.
const SCHEME: &str = "plimsoll release 1";

/// What the components of a project are made from, read once.
pub struct Contents(BTreeMap<ComponentName, Inventory>);

impl Contents {
    /// Reads the files that the components of `project` are made from.
    ///
    /// # Errors
    /// A component's folder or source is missing, a file cannot be part of a release or be read, or git fails.
    pub async fn read(sources: &Sources, project: &Project) -> Result<Self, BuildError> {
        inventory::take(sources, project, project.components.keys()).await.map(Self)
    }

    /// Names the releases of all components of that `project`, for hosts of `platform`. The same files give the same name, from a commit
    /// and from a work tree alike.
    #[must_use]
    pub fn names(&self, project: &Project, platform: &str) -> BTreeMap<ComponentName, ReleaseId> {
        self.0.iter().map(|(name, files)| (name.clone(), release_id(&project.components[name], files, platform))).collect()
    }

    /// The files of `component` that lie in `folder`, which is relative to the project.
    #[must_use]
    pub fn below(&self, component: &ComponentName, folder: &RelPath) -> Files {
        let mut hash = Name(blake3::Hasher::new());
        let mut names = BTreeSet::new();
        for (path, stamp) in self.0.get(component).into_iter().flatten() {
            let inner = if *folder == RelPath::here() {
                Some(path.as_str())
            } else {
                path.as_str().strip_prefix(folder.as_str()).and_then(|rest| rest.strip_prefix('/'))
            };
            if let Some(inner) = inner {
                hash.add(inner.as_bytes()).stamp(stamp);
                names.insert(inner.to_owned());
            }
        }
        Files { names, content: Digest::from(hash.0.finalize()) }
    }
}

/// The name of the release that `component` gives, made from `files`, on `platform`.
pub(crate) fn release_id(component: &Component, files: &Inventory, platform: &str) -> ReleaseId {
    let mut name = Name(blake3::Hasher::new());
    name.add(SCHEME.as_bytes()).add(platform.as_bytes()).add(component.path.as_str().as_bytes());
    name.recipe(component.build.as_ref());
    // A release is laid out with links to what it shares, so another list makes another release.
    name.count(component.shared.len());
    for shared in &component.shared {
        name.add(shared.as_str().as_bytes());
    }
    for (path, stamp) in files {
        name.add(path.as_str().as_bytes()).stamp(stamp);
    }
    ReleaseId(name.0.finalize().into())
}

/// A hash in the making. The length goes before each part, so that no two lists of parts read alike.
struct Name(blake3::Hasher);

impl Name {
    fn add(&mut self, part: &[u8]) -> &mut Self {
        self.count(part.len());
        self.0.update(part);
        self
    }

    fn count(&mut self, count: usize) {
        self.0.update(&(count as u64).to_le_bytes());
    }

    fn recipe(&mut self, build: Option<&Build>) {
        let Some(build) = build else { return self.add(b"as it is").count(0) };
        self.add(b"built").add(build.command.as_bytes()).count(build.output.len());
        for output in &build.output {
            self.add(output.as_str().as_bytes());
        }
    }

    fn stamp(&mut self, stamp: &Stamp) {
        match stamp {
            Stamp::File { digest, executable } => self.add(if *executable { b"program" } else { b"file" }).add(digest.as_bytes()),
            Stamp::Link(target) => self.add(b"link").add(target.as_os_str().as_encoded_bytes()),
        };
    }
}
