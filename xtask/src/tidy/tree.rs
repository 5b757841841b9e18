//! The files under version control, and those that are about to be.

use std::fs;

use super::code;
use crate::command::{command, output, root};

/// All text files of the repository.
pub struct Tree {
    /// Ordered by path.
    pub files: Vec<File>,
}

/// A text file.
pub struct File {
    /// Its path below the root, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl Tree {
    /// Reads what git tracks, and what it neither tracks nor ignores. Files that are not text are left out.
    ///
    /// # Errors
    /// When git cannot list them.
    pub fn read() -> Result<Self, String> {
        let listed = output(command("git", "ls-files -z --cached --others --exclude-standard"))?;
        let mut paths: Vec<&str> = listed.split('\0').filter(|path| !path.is_empty()).collect();
        paths.sort_unstable();
        let file = |path: &str| fs::read_to_string(root().join(path)).ok().map(|text| File { path: path.into(), text });
        Ok(Self { files: paths.into_iter().filter_map(file).collect() })
    }

    /// The Rust files.
    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl File {
    /// Its name without the folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Its folder.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether all of it is for tests.
    pub fn is_test(&self) -> bool {
        let in_tests = self.path.split('/').any(|part| part == "tests" || part == "testkit" || part == "benches");
        in_tests || self.name() == "tests.rs" || self.name().ends_with("_tests.rs")
    }

    /// Its lines of Rust, numbered from 1, without comments and what stands between quotes.
    pub fn code(&self) -> Vec<(usize, String)> {
        code::without_text(&self.text).lines().enumerate().map(|(index, line)| (index + 1, line.to_owned())).collect()
    }

    /// Those of [`Self::code`] that are not for tests.
    pub fn product_code(&self) -> Vec<(usize, String)> {
        if self.is_test() { Vec::new() } else { code::without_tests(self.code()) }
    }
}

#[cfg(test)]
impl Tree {
    /// A tree of these paths and texts.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| File { path: (*path).into(), text: (*text).into() }).collect() }
    }
}
