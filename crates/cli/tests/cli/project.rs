//! A project to run the binary in.

use std::path::Path;

use plimsoll_testkit::fixtures::{Home, Ran};
use tempfile::TempDir;

/// A project's folder, and a home to run the binary with.
pub struct Project {
    folder: TempDir,
    home: Home,
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), home: Home::of(env!("CARGO_BIN_EXE_plimsoll")) }
    }

    /// A folder with this manifest, and the site `web` that it may speak of.
    pub fn of(manifest: &str) -> Self {
        let project = Self::empty();
        std::fs::create_dir(project.path().join("web")).unwrap();
        std::fs::write(project.path().join("web/index.html"), "hello").unwrap();
        std::fs::write(project.path().join("plimsoll.toml"), manifest).unwrap();
        project
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the binary there. What it says of the folder and of its home reads `PROJECT` and `HOME`.
    pub fn run(&self, line: &str) -> Ran {
        let output = self.home.command(line.split_whitespace()).current_dir(self.path()).output().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(self.path().to_str().unwrap(), "PROJECT").replace(self.home.path().to_str().unwrap(), "HOME")
        };
        Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A run as a transcript: exit code, standard output, standard error.
pub fn transcript(ran: &Ran) -> String {
    let code = ran.code.map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
    format!("exit {code}\n--- stdout\n{}--- stderr\n{}", ran.stdout, ran.stderr)
}
