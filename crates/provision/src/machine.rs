//! The server itself, as far as setting it up touches it.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use sha2::{Digest, Sha256};

use crate::deed::{Command, Owner};

/// What a command said, and how it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ran {
    /// Whether it ended with 0.
    pub well: bool,
    /// What it wrote on standard output.
    pub output: String,
    /// What it wrote on standard error.
    pub errors: String,
}

/// A server.
pub trait Machine {
    /// Runs a command to its end. One that is not there ends badly.
    fn run(&mut self, command: &Command) -> Ran;

    /// The content of a file; none when there is none.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// Permissions of a file, such as `0o644`; none when there is none.
    fn mode(&self, path: &str) -> Option<u32>;

    /// Gives a file its content, whole.
    ///
    /// # Errors
    /// It cannot be written; it is then as it was.
    fn write(&mut self, path: &str, content: &[u8], mode: u32, owner: &Owner) -> io::Result<()>;

    /// Deletes a file. One that is gone is as good.
    ///
    /// # Errors
    /// It cannot be deleted.
    fn remove(&mut self, path: &str) -> io::Result<()>;

    /// Makes the program that runs a program of everybody's. It keeps its time of change, which tells builds apart.
    ///
    /// # Errors
    /// It cannot be written; what was there before is then as it was.
    fn install(&mut self, path: &str, content: &[u8]) -> io::Result<()>;

    /// The content of the program that runs.
    ///
    /// # Errors
    /// It cannot be read.
    fn own_program(&self) -> io::Result<Vec<u8>>;
}

/// The one that this program runs on.
#[derive(Debug)]
pub struct ThisMachine {
    exe: PathBuf,
}

impl ThisMachine {
    /// With the file of the running program.
    #[must_use]
    pub fn new(exe: PathBuf) -> Self {
        Self { exe }
    }
}

/// What a content is known by.
pub(crate) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Machine for ThisMachine {
    fn run(&mut self, command: &Command) -> Ran {
        let Some((program, arguments)) = command.0.split_first() else { return Ran::default() };
        #[expect(clippy::disallowed_methods, reason = "the one place where a server is set up by commands")]
        let mut command = std::process::Command::new(program);
        // What is said is judged by its words; and nobody is there to be asked.
        command.args(arguments).env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match command.output() {
            Ok(ran) => Ran { well: ran.status.success(), output: text(&ran.stdout), errors: text(&ran.stderr) },
            Err(error) => Ran { well: false, output: String::new(), errors: format!("{program}: {error}") },
        }
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(path) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            read => read.map(Some),
        }
    }

    fn mode(&self, path: &str) -> Option<u32> {
        fs::metadata(path).ok().map(|file| file.permissions().mode() & 0o7777)
    }

    fn write(&mut self, path: &str, content: &[u8], mode: u32, owner: &Owner) -> io::Result<()> {
        let ids = match owner {
            Owner::Root => (0, 0),
            Owner::Login(login) => self.ids(login)?,
        };
        if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.exists()) {
            let private = if *owner == Owner::Root { 0o755 } else { 0o700 };
            DirBuilder::new().recursive(true).mode(private).create(folder)?;
            chown(folder, Some(ids.0), Some(ids.1))?;
        }
        plimsoll_durable::replace_with(Path::new(path), content, |file| {
            file.set_permissions(Permissions::from_mode(mode))?;
            fchown(file, Some(ids.0), Some(ids.1))
        })
    }

    fn remove(&mut self, path: &str) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn install(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        let changed = fs::metadata(&self.exe)?.modified()?;
        plimsoll_durable::replace_with(Path::new(path), content, |file| {
            file.set_permissions(Permissions::from_mode(0o755))?;
            file.set_modified(changed)
        })
    }

    fn own_program(&self) -> io::Result<Vec<u8>> {
        fs::read(&self.exe)
    }
}

impl ThisMachine {
    /// User and group of a login.
    fn ids(&mut self, login: &str) -> io::Result<(u32, u32)> {
        let ran = self.run(&Command::new(&format!("getent passwd {login}")));
        let mut fields = ran.output.trim().split(':').skip(2).map(str::parse);
        match (fields.next(), fields.next()) {
            (Some(Ok(user)), Some(Ok(group))) => Ok((user, group)),
            _ => Err(io::Error::new(ErrorKind::NotFound, format!("there is no login {login}"))),
        }
    }
}
