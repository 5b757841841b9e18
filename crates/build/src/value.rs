//! Asking a command of the project for the value of a secret: what it prints is the value, and nobody else sees it.
//!
//! Unlike a [`crate::script`] it is not recorded, and what it writes to its standard error is dropped: both may hold secrets.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use plimsoll_model::Secret;
use tokio::io::AsyncReadExt;

use crate::failure::End;
use crate::group::Group;
use crate::process;

/// How long a command may take unless told otherwise, in milliseconds: some ask a person for a fingerprint.
pub const LIMIT_MS: u64 = 60_000;

/// The most that a command may print, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Why a command gave no value. Nothing of what it printed is in it.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// The system does not run it.
    #[error("cannot be run: {0}")]
    Io(#[from] io::Error),
    /// It failed, or took too long.
    #[error("{0}")]
    End(End),
    /// It printed nothing.
    #[error("printed nothing")]
    Empty,
    /// It printed what is no text.
    #[error("printed what is no text in UTF-8")]
    NotText,
    /// It printed and printed.
    #[error("printed more than 1 MiB")]
    TooMuch,
}

/// Runs `command` in `folder` with `facts` in its environment, and gives what it prints without the line break at its end.
/// Dropping the future kills it, and all that it started.
///
/// # Errors
/// It cannot be run, fails, takes longer than `limit_ms` milliseconds, or prints what can be no value.
pub async fn ask(command: &str, folder: &Path, facts: &BTreeMap<String, String>, limit_ms: u64) -> Result<Secret<String>, ValueError> {
    let asked = tokio::time::timeout(Duration::from_millis(limit_ms), capture(command, folder, facts)).await;
    let (status, bytes) = asked.map_err(|_| ValueError::End(End::Limit(limit_ms)))??;
    if !status.success() {
        return Err(ValueError::End(status.code().map_or(End::Signal(status.signal().unwrap_or_default()), End::Exit)));
    }
    let mut text = String::from_utf8(bytes).map_err(|_| ValueError::NotText)?;
    let length = text.strip_suffix('\n').map_or(text.len(), |line| line.strip_suffix('\r').unwrap_or(line).len());
    text.truncate(length);
    if text.is_empty() { Err(ValueError::Empty) } else { Ok(Secret::new(text)) }
}

async fn capture(command: &str, folder: &Path, facts: &BTreeMap<String, String>) -> Result<(ExitStatus, Vec<u8>), ValueError> {
    let mut child = process::shell(command, folder, facts).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let group = Group::of(&child)?;
    let output = child.stdout.take().expect("it is piped");
    let mut bytes = Vec::new();
    output.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).await?;
    if bytes.len() > MAX_BYTES {
        return Err(ValueError::TooMuch);
    }
    let status = child.wait().await?;
    drop(group);
    Ok((status, bytes))
}
