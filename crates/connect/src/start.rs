//! Starting the daemon apart from this process, and hearing how that went.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use plimsoll_api::wire::Started;
use plimsoll_model::deployment::Failure;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::ConnectError;

/// How long a daemon may take until it serves.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of what a daemon wrote is looked at when it ended without a word: lines and bytes.
const TAIL: (usize, u64) = (20, 8 << 10);

/// Variables that a daemon gets of its starter's environment, besides those that begin with `LC_`. All others stay here: they
/// may be secrets, and would reach what the daemon starts.
const KEPT: [&str; 7] = ["HOME", "LANG", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"];

/// Starts `EXE host serve --folder HOME --build BUILD --detached`, and returns when it serves. The daemon leaves this session by
/// itself; what it says on standard error is kept in `HOME/logs/host.stderr`, and that of the daemon before in `host.stderr.1`.
pub(crate) async fn start(exe: &Path, home: &Path, build: &str) -> Result<(), ConnectError> {
    let errors = home.join("logs").join("host.stderr");
    #[expect(clippy::disallowed_methods, reason = "the one place where a daemon is started")]
    let mut command = Command::new(exe);
    command.args(["host", "serve", "--folder"]).arg(home).args(["--build", build, "--detached"]);
    command.env_clear().envs(kept(std::env::vars_os())).current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fresh(&errors)?);
    let mut child = command.spawn().map_err(ConnectError::io("start", exe))?;
    match tokio::time::timeout(PATIENCE, said(&mut child)).await {
        Ok(Some(Started::Ready)) => Ok(()),
        Ok(Some(Started::Failed(failure))) => Err(ConnectError::NotStarted(failure)),
        Ok(None) => Err(ConnectError::NotStarted(wordless(&mut child, &errors).await)),
        Err(_) => {
            // It is ours, and nobody could tell it from one that works.
            let _ = child.kill().await;
            Err(ConnectError::NotStarted(late(&errors)))
        }
    }
}

/// The folder for a daemon, for its owner alone.
pub(crate) fn make(folder: &Path) -> Result<(), ConnectError> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(ConnectError::io("make", folder))
}

async fn said(child: &mut Child) -> Option<Started> {
    let words = child.stdout.take().expect("standard output is piped");
    let line = BufReader::new(words).lines().next_line().await.ok().flatten()?;
    serde_json::from_str(&line).ok()
}

fn kept(all: impl Iterator<Item = (OsString, OsString)>) -> impl Iterator<Item = (OsString, OsString)> {
    let wanted = |name: &OsStr| name.to_str().is_some_and(|name| KEPT.contains(&name) || name.starts_with("LC_"));
    all.filter(move |(name, _)| wanted(name))
}

fn fresh(path: &PathBuf) -> Result<File, ConnectError> {
    let former = path.with_extension("stderr.1");
    if let Some(folder) = path.parent() {
        make(folder)?;
    }
    match std::fs::rename(path, &former) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(ConnectError::io("rename", path)(error)),
        _ => {}
    }
    OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(ConnectError::io("open", path))
}

async fn wordless(child: &mut Child, errors: &Path) -> Failure {
    let how = child.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
    let failure = Failure::new("daemon-ended", format!("it ended before it served ({how})"));
    failure.with_help(format!("see {}", errors.display())).with_output(tail(errors))
}

fn late(errors: &Path) -> Failure {
    let failure = Failure::new("daemon-silent", format!("it does not serve after {} s", PATIENCE.as_secs()));
    failure.with_help(format!("see {}", errors.display())).with_output(tail(errors))
}

/// The last lines of a file; none when it cannot be read.
fn tail(path: &Path) -> Vec<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL.1)))?;
        let mut end = Vec::new();
        file.take(TAIL.1).read_to_end(&mut end)?;
        Ok(end)
    };
    let text = read().map(|end| String::from_utf8_lossy(&end).into_owned()).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL.0)..].iter().map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operators_environment_stays_with_the_operator() {
        let all = ["PATH", "HOME", "LC_ALL", "TZ", "DATABASE_URL", "SSH_AUTH_SOCK", "XLC_X", "PLIMSOLL_HOME"];
        let kept: Vec<_> = kept(all.iter().map(|name| (name.into(), "x".into()))).map(|(name, _)| name).collect();
        assert_eq!(kept, ["PATH", "HOME", "LC_ALL", "TZ"]);
    }
}
