//! Our files in the folder that nginx includes: known by their name and their first line. All others are somebody else's.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::trouble::Trouble;

/// The first line of each of our files.
pub(super) const HEADER: &str = "# Written by Plimsoll, and replaced at each change.";

/// Our files: name and content.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// Whether a file is ours.
pub(super) fn is_ours(name: &str, content: &[u8]) -> bool {
    name.starts_with("plimsoll") && content.starts_with(HEADER.as_bytes())
}

/// The files of ours that are there.
pub(super) fn read(folder: &Path) -> Result<Files, Trouble> {
    let mut files = Files::new();
    for entry in fs::read_dir(folder).map_err(trouble("list", folder))? {
        let entry = entry.map_err(trouble("list", folder))?;
        let Some(name) = entry.file_name().to_str().filter(|name| name.starts_with("plimsoll")).map(str::to_owned) else { continue };
        let content = fs::read(entry.path()).map_err(trouble("read", &entry.path()))?;
        if is_ours(&name, &content) {
            files.insert(name, content);
        }
    }
    Ok(files)
}

/// Makes `wanted` all the files of ours that are there. What is as wanted already is not written.
pub(super) fn put(folder: &Path, wanted: &Files) -> Result<(), Trouble> {
    let present = read(folder)?;
    for (name, content) in wanted.iter().filter(|(name, content)| present.get(*name) != Some(content)) {
        let path = folder.join(name);
        if !present.contains_key(name) && path.symlink_metadata().is_ok() {
            return Err(Trouble::new("nginx-foreign-file", format!("{} is in the way: it is not Plimsoll's", path.display()))
                .with_help("move that file away, or name another folder in the host's policy file"));
        }
        plimsoll_durable::replace(&path, content).map_err(trouble("write", &path))?;
    }
    let needless: Vec<PathBuf> = present.keys().filter(|name| !wanted.contains_key(*name)).map(|name| folder.join(name)).collect();
    needless.iter().try_for_each(|path| delete(path).map_err(trouble("delete", path)))?;
    let settled = if needless.is_empty() { Ok(()) } else { fs::File::open(folder).and_then(|folder| folder.sync_all()) };
    settled.map_err(trouble("sync", folder))
}

fn delete(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        deleted => deleted,
    }
}

fn trouble(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Trouble {
    let path = path.to_owned();
    move |error| {
        Trouble::new("nginx-files", format!("cannot {action} {}: {error}", path.display()))
            .with_help("see that the folder in the host's policy file exists, and that the daemon may write there")
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay files out for what they test")]
mod tests {
    use super::*;

    fn ours(names: &[&str]) -> Files {
        names.iter().map(|name| ((*name).to_owned(), format!("{HEADER}\n# {name}\n").into_bytes())).collect()
    }

    #[test]
    fn only_ours_are_written_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("default.conf", "server {}"), ("plimsoll-by-hand.conf", "server {}"), ("other.conf", HEADER)] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        for wanted in [ours(&["plimsoll.conf", "plimsoll-a.b.conf"]), ours(&["plimsoll.conf", "plimsoll-c.d.conf"]), ours(&[])] {
            put(folder.path(), &wanted).unwrap();
            assert_eq!(read(folder.path()).unwrap(), wanted);
            assert_eq!(folder.path().read_dir().unwrap().count(), 3 + wanted.len());
        }
        assert_eq!(fs::read_to_string(folder.path().join("plimsoll-by-hand.conf")).unwrap(), "server {}");
        let refused = put(folder.path(), &ours(&["plimsoll-by-hand.conf"])).unwrap_err();
        assert_eq!(refused.code, "nginx-foreign-file");
        assert_eq!(put(&folder.path().join("nowhere"), &ours(&[])).unwrap_err().code, "nginx-files");
    }
}
