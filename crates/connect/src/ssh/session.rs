//! One `ssh` that runs a command on a host: its streams, and how it ends.

use std::ffi::OsString;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use super::fault::Fault;

/// How much of what is said on standard error is kept, in bytes: the end of it.
const KEPT: usize = 16 << 10;

/// How long to wait, when `ssh` has ended, for what it said before.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How an `ssh` ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Its exit code; none when it was killed.
    pub status: Option<i32>,
    /// What it, or the program on the host, said on standard error.
    pub said: String,
}

/// Tells how an `ssh` ends.
#[derive(Debug, Clone)]
pub(crate) struct End(watch::Receiver<Option<Ended>>);

/// A running `ssh`. It is killed when the runtime ends; it ends by itself when its streams are dropped.
pub(crate) struct Session {
    /// What goes to the program on the host.
    pub input: ChildStdin,
    /// What comes from it.
    pub output: ChildStdout,
    /// How it ends.
    pub end: End,
}

impl Session {
    /// Starts `ssh` with these arguments. Where people may be asked, it belongs to their terminal; else what interrupts us does not end it,
    /// as there may be something to be undone over it.
    pub fn start(arguments: Vec<OsString>, asks: bool) -> Result<Self, Fault> {
        #[expect(clippy::disallowed_methods, reason = "the one place where ssh is started")]
        let mut command = Command::new("ssh");
        // What it says is judged by its words.
        command.args(arguments).env("LC_ALL", "C").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if !asks {
            command.process_group(0);
        }
        let mut child = command.spawn().map_err(|error| Fault::NoSsh(error.to_string()))?;
        let piped = "its streams are piped";
        let (input, output) = (child.stdin.take().expect(piped), child.stdout.take().expect(piped));
        let errors = child.stderr.take().expect(piped);
        let (tell, told) = watch::channel(None);
        tokio::spawn(async move { tell.send(Some(watch(child, errors).await)) });
        Ok(Self { input, output, end: End(told) })
    }
}

impl End {
    /// Waits for it.
    pub async fn wait(&self) -> Ended {
        let mut told = self.0.clone();
        // Nobody tells when the runtime ends.
        let ended = told.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone());
        ended.unwrap_or_default()
    }
}

async fn watch(mut child: Child, mut errors: ChildStderr) -> Ended {
    let mut said = Vec::new();
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            more = hear(&mut errors, &mut said) => if !more { break child.wait().await },
        }
    };
    while let Ok(true) = tokio::time::timeout(LAST_WORDS, hear(&mut errors, &mut said)).await {}
    Ended { status: status.ok().and_then(|status| status.code()), said: String::from_utf8_lossy(&said).into_owned() }
}

/// Hears more. False when nothing more is said.
async fn hear(errors: &mut ChildStderr, said: &mut Vec<u8>) -> bool {
    let more: io::Result<usize> = errors.read_buf(said).await;
    said.drain(..said.len().saturating_sub(KEPT));
    more.is_ok_and(|more| more > 0)
}
