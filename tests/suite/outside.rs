//! What whoever deploys has outside of the project: a private key, something that a command tells, and a folder in memory.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::project::Project;

/// The public half of the key.
pub const READER: &str = "age1prr3pgkmfraael6jrsk9gg9pem0wun2q2fnynu0c4d95glz5g36smtjsar lee@desk";

/// The private half.
pub const KEY: &str = "AGE-SECRET-KEY-1AXU9XAF4A0CVA7KXSQTRLN8ZS622WRMSUEVP2VA4VC7VYL3853MQA5GKLS\n";

/// Folders that are neither the project's nor the host's.
pub struct Outside {
    folder: TempDir,
    /// A folder in memory, as `XDG_RUNTIME_DIR` is.
    pub memory: TempDir,
}

impl Outside {
    /// With a file that says `told`.
    pub fn new(told: &str) -> Self {
        let outside = Self {
            folder: tempfile::tempdir().expect("the temporary folder takes a folder"),
            memory: tempfile::tempdir_in("/dev/shm").expect("the machine has memory"),
        };
        outside.write("identity", KEY);
        outside.write("told", told);
        outside
    }

    /// Where the file is that says something.
    pub fn told(&self) -> PathBuf {
        self.folder.path().join("told")
    }

    /// Writes a file there, and gives its place.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("the folder takes a file");
        path
    }

    /// The binary for `project`, with the key.
    pub fn command(&self, project: &Project) -> Command {
        let mut command = project.home.command(["-C"]);
        command.arg(project.folder()).env("PLIMSOLL_IDENTITY", self.folder.path().join("identity")).env("XDG_RUNTIME_DIR", self.memory.path());
        command
    }
}

/// Runs it to its end with `input` on its standard input.
pub fn typed(command: &mut Command, input: &str) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("plimsoll can be started");
    // Whoever does not read it may end before.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}
