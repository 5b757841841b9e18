//! The programs that come with a database: started with nothing of our environment, fed and read in pieces, ended when nobody waits any more.

use std::io::{self, ErrorKind, PipeReader, Read};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::error::BackupError;
use super::manifest::DataFile;
use super::store;
use crate::place::Place;

/// Where they are looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin";
/// Longest part of what one says that is kept, in bytes.
const LONGEST: u64 = 16 << 10;

/// A program to be run for a database.
pub(super) struct Tool<'a> {
    name: &'static str,
    package: &'static str,
    place: &'a Place,
    command: Command,
}

impl<'a> Tool<'a> {
    /// The program of this name, which is in Debian's `package`.
    pub fn new(name: &'static str, package: &'static str, place: &'a Place) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the place that starts the programs of databases")]
        let mut command = Command::new(name);
        command
            .env_clear()
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .kill_on_drop(true)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self { name, package, place, command }
    }

    /// With these arguments. Everybody on the machine can see them.
    pub fn args<T: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.command.args(args);
        self
    }

    /// With these variables. Only root and the program's own user can see them.
    pub fn envs(mut self, envs: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.command.envs(envs);
        self
    }

    /// What it says when it is asked for its version.
    pub async fn version(self) -> Result<String, BackupError> {
        let mut tool = self.args(["--version"]);
        let output = tool.command.output().await.map_err(|error| tool.not_started(&error))?;
        tool.ended(output.status, &output.stderr)?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Compresses what it writes into a new file.
    pub async fn into_file(self, path: &Path) -> Result<DataFile, BackupError> {
        self.into_file_by(path, |output| output).await
    }

    /// The same; what it writes is read by another's hand.
    pub async fn into_file_by<R: Read + Send + 'static>(mut self, path: &Path, hand: impl FnOnce(PipeReader) -> R) -> Result<DataFile, BackupError> {
        let (reader, writer) = io::pipe().map_err(|error| self.not_started(&error))?;
        self.command.stdout(writer);
        let mut child = self.start()?;
        let reader = hand(reader);
        let copied = store::in_background(path, move |path| store::compress(reader, path));
        let said = said(child.stderr.take());
        let (copied, said, status) = tokio::join!(copied, said, child.wait());
        // When the file cannot be written the program ends as well, for that reason.
        let file = copied?;
        self.ended(status.map_err(|error| self.not_started(&error))?, &said)?;
        Ok(file)
    }

    /// Feeds it with what was compressed into a file.
    pub async fn fed_from(mut self, path: &Path) -> Result<(), BackupError> {
        self.command.stdout(Stdio::null());
        let (fed, _) = self.run(path).await?;
        fed
    }

    /// What it writes when it is fed with what was compressed into a file. It may end when it has read enough. All that it writes is held in memory.
    pub async fn answer(self, path: &Path) -> Result<String, BackupError> {
        let (_, output) = self.run(path).await?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    async fn run(mut self, path: &Path) -> Result<(Result<(), BackupError>, Vec<u8>), BackupError> {
        let (reader, writer) = io::pipe().map_err(|error| self.not_started(&error))?;
        self.command.stdin(reader);
        let mut child = self.start()?;
        let fed = store::in_background(path, move |path| store::decompress(path, writer));
        let (output, said) = (all(child.stdout.take()), said(child.stderr.take()));
        let (fed, output, said, status) = tokio::join!(fed, output, said, child.wait());
        // When the program ends early it cannot be fed any more, for that reason.
        self.ended(status.map_err(|error| self.not_started(&error))?, &said)?;
        Ok((fed, output))
    }

    /// Starts it; the ends of the pipes that are its own are then open only there.
    fn start(&mut self) -> Result<Child, BackupError> {
        let child = self.command.spawn().map_err(|error| self.not_started(&error))?;
        self.command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(child)
    }

    fn not_started(&self, error: &io::Error) -> BackupError {
        if error.kind() == ErrorKind::NotFound {
            return BackupError::ToolMissing { tool: self.name.to_owned(), package: self.package.to_owned() };
        }
        BackupError::ToolFailed { tool: self.name.to_owned(), place: self.place.to_string(), why: error.to_string() }
    }

    fn ended(&self, status: ExitStatus, said: &[u8]) -> Result<(), BackupError> {
        if status.success() {
            return Ok(());
        }
        let said = self.place.clean(String::from_utf8_lossy(said).trim());
        let why = if said.is_empty() { status.to_string() } else { said };
        Err(BackupError::ToolFailed { tool: self.name.to_owned(), place: self.place.to_string(), why })
    }
}

/// All that it writes, where that is not led elsewhere.
async fn all(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut output = Vec::new();
    if let Some(mut from) = from {
        let _ = from.read_to_end(&mut output).await;
    }
    output
}

/// The beginning of what it says; the rest is read too, as it would wait for that.
async fn said(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut said = Vec::new();
    if let Some(from) = from {
        let mut beginning = from.take(LONGEST);
        let _ = beginning.read_to_end(&mut said).await;
        let _ = tokio::io::copy(&mut beginning.into_inner(), &mut tokio::io::sink()).await;
    }
    said
}
