//! The sources of the libraries, copied aside so that mistakes can be made in them.

use std::path::{Path, PathBuf};

use crate::command::root;

/// What the copy is built with: a mistake takes longer to build than to notice, so what is ours is built quickly. What is not is built once.
const PROFILE: &str = "\n[profile.dev]\ndebug = false\nincremental = true\n\n[profile.dev.package.\"*\"]\ndebug = false\nopt-level = 1\n";

/// A copy of the workspace's crates.
pub struct Copy {
    folder: PathBuf,
}

impl Copy {
    /// Brings the copy in `folder` to what the workspace is. Files that are the same are left alone, so that they are not built again.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn fresh(folder: &Path) -> Result<Self, String> {
        let copy = Self { folder: folder.to_owned() };
        let crates = root().join("crates");
        copy.forget(&copy.root().join("crates"), &crates)?;
        copy.take(&crates, Path::new("crates"))?;
        let read = |name: &str| std::fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"));
        let manifest = read("Cargo.toml")?;
        let (head, _) = manifest.split_once("\n[profile.").ok_or("Cargo.toml has no profile")?;
        copy.write("Cargo.toml", &(head.replace(", \"tests\", \"xtask\"", "") + PROFILE))?;
        // Written once: without the other members, cargo takes what only they need out of it.
        if !copy.root().join("Cargo.lock").exists() {
            copy.write("Cargo.lock", &read("Cargo.lock")?)?;
        }
        Ok(copy)
    }

    /// The folder that cargo is run in.
    pub fn root(&self) -> PathBuf {
        self.folder.join("workspace")
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// Reads a file of the copy.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, file: &str) -> Result<String, String> {
        std::fs::read_to_string(self.root().join(file)).map_err(|error| format!("{file}: {error}"))
    }

    /// Writes a file of the copy, unless it is so already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, file: &str, text: &str) -> Result<(), String> {
        self.put(Path::new(file), text.as_bytes())
    }

    fn put(&self, file: &Path, content: &[u8]) -> Result<(), String> {
        let path = self.root().join(file);
        if std::fs::read(&path).is_ok_and(|there| there == content) {
            return Ok(());
        }
        let folder = path.parent().ok_or("a file lies in a folder")?;
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, content));
        written.map_err(|error| format!("{}: {error}", path.display()))
    }

    fn take(&self, from: &Path, to: &Path) -> Result<(), String> {
        for (name, path) in entries(from)? {
            let place = to.join(name);
            if path.is_dir() {
                self.take(&path, &place)?;
            } else {
                let content = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                self.put(&place, &content)?;
            }
        }
        Ok(())
    }

    /// Deletes what the workspace does not have any more.
    fn forget(&self, here: &Path, there: &Path) -> Result<(), String> {
        if !here.exists() {
            return Ok(());
        }
        for (name, path) in entries(here)? {
            let original = there.join(&name);
            let gone = match (path.is_dir(), original.exists()) {
                (true, true) => self.forget(&path, &original),
                (true, false) => std::fs::remove_dir_all(&path).map_err(|error| error.to_string()),
                (false, false) => std::fs::remove_file(&path).map_err(|error| error.to_string()),
                (false, true) => Ok(()),
            };
            gone.map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

fn entries(folder: &Path) -> Result<Vec<(std::ffi::OsString, PathBuf)>, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(wrong)?;
    entries.map(|entry| entry.map(|entry| (entry.file_name(), entry.path())).map_err(wrong)).collect()
}
