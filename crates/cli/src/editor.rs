//! Having a person edit a text of secrets: in a file that only they can read, that lies in memory, and that is gone afterwards.

use std::ffi::OsString;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use async_trait::async_trait;
use plimsoll_model::Secret;
use plimsoll_ops::secrets_edit::Revise;
use plimsoll_ops::{Exit, OpError};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::console::{self, Console};

/// The kinds of file system that are memory, as the system numbers them.
const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];

/// The editor that this process was told of.
pub struct Editor {
    /// The command line.
    command: OsString,
    console: Console,
}

impl Editor {
    /// The one that `VISUAL` or `EDITOR` names.
    ///
    /// # Errors
    /// Neither does, and there is no terminal for the usual one.
    pub fn find(console: Console) -> Result<Self, OpError> {
        let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var_os(name).filter(|value| !value.is_empty()));
        let command = named.or_else(|| console.can_ask().then(|| "vi".into()));
        let command = command.ok_or_else(|| OpError::new(Exit::Usage, "no-editor", "there is no editor, and no terminal for one"))?;
        Ok(Self { command, console })
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where a person's editor is started: with their own environment and streams")]
    async fn open(&self, file: &Path, ends: &mut Ends) -> io::Result<ExitStatus> {
        let mut line = self.command.clone();
        line.push(" \"$1\"");
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(line).arg("plimsoll").arg(file).kill_on_drop(true);
        if self.console.serves_machine() {
            // Standard output is for the answer alone.
            command.stdout(Stdio::from(io::stderr().as_fd().try_clone_to_owned()?));
        }
        let mut child = command.spawn()?;
        tokio::select! {
            status = child.wait() => status,
            () = ends.told() => Err(io::Error::new(io::ErrorKind::Interrupted, "plimsoll was told to end")),
        }
    }
}

/// The signals that would end this process and leave the text behind. From now on they are only heard.
struct Ends {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    _quit: Signal,
}

impl Ends {
    fn hear() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            _quit: signal(SignalKind::quit())?,
        })
    }

    /// Those that are for this process. What a key of the terminal sends the editor hears as well, and has its own mind.
    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    /// Those, and Ctrl-C.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[async_trait]
impl Revise for Editor {
    async fn revise(&self, text: &Secret<String>) -> Result<Secret<String>, OpError> {
        let mut ends = Ends::hear().map_err(|error| failed(&error.to_string()))?;
        let folder = private_folder()?;
        let file = folder.path().join("secrets.toml");
        write_new(&file, text.expose()).map_err(|error| unusable(&file, &error))?;
        let status = self.open(&file, &mut ends).await.map_err(|error| failed(&error.to_string()))?;
        if !status.success() {
            return Err(failed(&status.to_string()));
        }
        let text = std::fs::read_to_string(&file).map(Secret::new).map_err(|error| unusable(&file, &error))?;
        folder.close().map_err(|error| unusable(&file, &error))?;
        Ok(text)
    }

    async fn again(&self, trouble: &OpError) -> bool {
        if !self.console.can_ask() {
            return false;
        }
        let Ok(mut ends) = Ends::hear() else { return false };
        console::tell(&trouble.message);
        console::prompt("Edit it again? [Y/n] ");
        tokio::select! {
            answered = tokio::task::spawn_blocking(is_not_answered_no) => answered.unwrap_or(false),
            () = ends.any() => false,
        }
    }
}

fn is_not_answered_no() -> bool {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).is_ok_and(|length| length > 0) && !line.trim().to_lowercase().starts_with('n')
}

/// A folder for this user alone, on no disk. It is removed when it is dropped.
fn private_folder() -> Result<TempDir, OpError> {
    let named = std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    let places = named.into_iter().chain([PathBuf::from("/dev/shm")]).filter(|place| in_memory(place));
    let made = |place: PathBuf| tempfile::Builder::new().prefix("plimsoll-").permissions(Permissions::from_mode(0o700)).tempdir_in(place).ok();
    places.filter_map(made).next().ok_or_else(|| {
        let message = "there is no folder in memory to edit secrets in: neither XDG_RUNTIME_DIR nor /dev/shm is one that takes files";
        OpError::new(Exit::Failed, "no-private-folder", message).with_help("set one secret at a time: plimsoll secrets set ENVIRONMENT NAME")
    })
}

fn in_memory(place: &Path) -> bool {
    rustix::fs::statfs(place).ok().and_then(|found| u64::try_from(found.f_type).ok()).is_some_and(|kind| IN_MEMORY.contains(&kind))
}

fn write_new(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(text.as_bytes())
}

fn unusable(file: &Path, error: &io::Error) -> OpError {
    OpError::new(Exit::Failed, "editing-failed", format!("{} cannot be used: {error}", file.display())).with_help("nothing was changed")
}

fn failed(why: &str) -> OpError {
    OpError::new(Exit::Failed, "editing-failed", format!("the editor failed, and nothing was changed: {why}")).with_help("VISUAL or EDITOR names it")
}
