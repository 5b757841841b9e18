//! The project's folder on a disk, as the manifest's judgement and guesses want to see it.

use std::path::{Path, PathBuf};

use plimsoll_model::RelPath;
use plimsoll_model::manifest::{EntryKind, MAX_BYTES, Tree};

/// A folder on a disk. What lies outside of it is not seen, whatever links say.
pub(crate) struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The folder `root`.
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.canonicalize().unwrap_or_else(|_| root.to_path_buf()) }
    }

    /// Where `path` leads to, all links followed, when that is inside.
    fn inside(&self, path: &RelPath) -> Option<PathBuf> {
        let real = path.under(&self.root).canonicalize().ok()?;
        real.starts_with(&self.root).then_some(real)
    }
}

impl Tree for Disk {
    fn kind(&self, path: &RelPath) -> Option<EntryKind> {
        let found = std::fs::metadata(self.inside(path)?).ok()?;
        Some(if found.is_dir() { EntryKind::Folder } else { EntryKind::File })
    }

    fn read(&self, path: &RelPath) -> Option<String> {
        let real = self.inside(path)?;
        let found = std::fs::metadata(&real).ok()?;
        if found.is_file() && found.len() <= MAX_BYTES as u64 { std::fs::read_to_string(real).ok() } else { None }
    }

    fn list(&self, path: &RelPath) -> Vec<String> {
        let entries = self.inside(path).and_then(|real| std::fs::read_dir(real).ok());
        entries.into_iter().flatten().flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    fn resolves_inside(&self, path: &RelPath) -> bool {
        let whole = path.under(&self.root);
        // A link that leads nowhere exists all the same: where it would lead is not known, so it is not inside.
        let there = whole.ancestors().find(|part| part.symlink_metadata().is_ok());
        there.and_then(|part| part.canonicalize().ok()).is_some_and(|real| real.starts_with(&self.root))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "files for a test need not survive a crash")]
    fn links_lead_nowhere_but_inside() {
        let folder = tempfile::tempdir().unwrap();
        let (root, outside) = (folder.path().join("project"), folder.path().join("outside"));
        std::fs::create_dir_all(root.join("a")).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(root.join("a/text"), "x").unwrap();
        std::fs::write(outside.join("text"), "y").unwrap();
        symlink("a", root.join("in")).unwrap();
        symlink(&outside, root.join("out")).unwrap();
        symlink("nothing", root.join("dangling")).unwrap();
        let disk = Disk::new(&root);
        let check = |path: &str, kind: Option<EntryKind>, inside: bool, text: Option<&str>| {
            let path = RelPath::new(path).unwrap();
            assert_eq!((disk.kind(&path), disk.resolves_inside(&path), disk.read(&path).as_deref()), (kind, inside, text), "{path}");
        };
        check(".", Some(EntryKind::Folder), true, None);
        check("a/text", Some(EntryKind::File), true, Some("x"));
        check("in", Some(EntryKind::Folder), true, None);
        check("in/text", Some(EntryKind::File), true, Some("x"));
        check("out", None, false, None);
        check("out/text", None, false, None);
        check("dangling", None, false, None);
        check("a/new/folder", None, true, None);
        assert_eq!(disk.list(&RelPath::new("in").unwrap()), ["text"]);
        assert!(disk.list(&RelPath::new("out").unwrap()).is_empty());
    }
}
