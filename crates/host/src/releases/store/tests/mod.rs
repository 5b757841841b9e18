//! The store in real folders.

mod content;
mod hostile;
mod laid_out;
mod leftovers;
mod pieces;
mod pruning;
mod shared;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use plimsoll_model::release::{FileContent, FileEntry, ReleaseManifest};
use plimsoll_model::{ComponentName, Digest, EnvironmentKey, EnvironmentName, ProjectName, RelPath, ReleaseId};
use tempfile::TempDir;

use super::{Store, tree};
use crate::folders::Folders;
use crate::releases::{Releases, Shared};

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    File(Vec<u8>, bool),
    Link(String),
}

/// A folder's content by path.
type Tree = BTreeMap<String, Node>;

/// A store in a folder that goes when it is dropped.
struct Kept {
    folder: TempDir,
    folders: Folders,
    store: Store,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::new(folder.path());
        let store = Store::open(&folders).unwrap();
        Self { folder, folders, store }
    }

    /// As after the daemon was killed and started again.
    fn reopen(&mut self) {
        self.store = Store::open(&self.folders).unwrap();
    }

    /// Brings a release in: offers it, sends what is missing, offers it again.
    async fn bring(&self, release: &ReleaseManifest, tree: &Tree) {
        for digest in self.store.offer(release).await.unwrap() {
            let content = content(tree, digest);
            self.store.take(digest, content.len() as u64, &mut &content[..]).await.unwrap();
        }
        assert_eq!(self.store.offer(release).await.unwrap(), []);
    }

    /// Brings and lays out.
    async fn put(&self, release: &ReleaseManifest, tree: &Tree, shared: &[&str]) -> PathBuf {
        self.bring(release, tree).await;
        self.stage(release, shared).await;
        self.place(release)
    }

    async fn stage(&self, release: &ReleaseManifest, shared: &[&str]) {
        self.store.stage(&key("dev"), &web(), &release.id, own(&paths(shared))).await.unwrap();
    }

    async fn unstage(&self, release: &ReleaseManifest) {
        self.store.unstage(&key("dev"), &web(), &release.id).await.unwrap();
    }

    fn place(&self, release: &ReleaseManifest) -> PathBuf {
        self.store.folder(&key("dev"), &web(), &release.id)
    }

    /// Every file in the store that has the content.
    fn stored(&self, content: &[u8]) -> Vec<PathBuf> {
        let all = tree::list_deep(&self.folders.store().join("files"), 1).unwrap();
        all.into_iter().filter(|path| fs::read(path).unwrap() == content).collect()
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The folder of the test could not delete what is read-only.
        tree::remove(self.folder.path()).ok();
    }
}

fn key(environment: &str) -> EnvironmentKey {
    EnvironmentKey { project: ProjectName::new("shop").unwrap(), environment: EnvironmentName::new(environment).unwrap() }
}

/// Those of `web`.
fn own(paths: &[RelPath]) -> Shared<'_> {
    static WEB: LazyLock<ComponentName> = LazyLock::new(web);
    Shared { of: &WEB, paths }
}

fn web() -> ComponentName {
    ComponentName::new("web").unwrap()
}

fn paths(texts: &[&str]) -> Vec<RelPath> {
    texts.iter().map(|text| RelPath::new(text).unwrap()).collect()
}

fn file(text: &str) -> Node {
    Node::File(text.as_bytes().to_vec(), false)
}

fn program(text: &str) -> Node {
    Node::File(text.as_bytes().to_vec(), true)
}

fn link(target: &str) -> Node {
    Node::Link(target.into())
}

fn tree<const N: usize>(entries: [(&str, Node); N]) -> Tree {
    entries.into_iter().map(|(path, node)| (path.to_owned(), node)).collect()
}

fn content(tree: &Tree, digest: Digest) -> Vec<u8> {
    let files = tree.values().filter_map(|node| if let Node::File(bytes, _) = node { Some(bytes) } else { None });
    files.into_iter().find(|bytes| Digest::of(bytes) == digest).unwrap().clone()
}

fn entry(path: &str, node: &Node) -> FileEntry {
    let content = match node {
        Node::Link(target) => FileContent::Link { target: target.clone() },
        Node::File(bytes, executable) => FileContent::File { digest: Digest::of(bytes), size: bytes.len() as u64, executable: *executable },
    };
    FileEntry { path: RelPath::new(path).unwrap(), content }
}

fn release(name: &str, tree: &Tree) -> ReleaseManifest {
    let files = tree.iter().map(|(path, node)| entry(path, node)).collect();
    ReleaseManifest { id: ReleaseId(Digest::of(name.as_bytes())), component: web(), files }
}

/// What is in a folder, links not followed.
fn seen(folder: &Path) -> Tree {
    let mut found = Tree::new();
    collect(folder, "", &mut found);
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Tree) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            collect(&entry.path(), &format!("{path}/"), found);
        } else if kind.is_symlink() {
            found.insert(path, Node::Link(fs::read_link(entry.path()).unwrap().to_str().unwrap().to_owned()));
        } else {
            found.insert(path, Node::File(fs::read(entry.path()).unwrap(), mode(&entry.path()) & 0o100 != 0));
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o777
}

/// Puts other bytes into a file, whatever its mode.
fn overwrite(path: &Path, bytes: &[u8]) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    fs::File::create(path).unwrap().write_all(bytes).unwrap();
}

fn make_file(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::File::create(path).unwrap().write_all(bytes).unwrap();
}
