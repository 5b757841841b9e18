//! The log of one command: a file of its own, the newest twenty of which are kept.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_model::time::Moment;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::worth_keeping;

/// How many are kept.
const KEPT: usize = 20;

/// The log of this process. It is one of a kind, as is what writes it.
static CURRENT: OnceLock<PathBuf> = OnceLock::new();

/// Where the log of this command is, when it has one.
pub fn current() -> Option<&'static Path> {
    CURRENT.get().map(PathBuf::as_path)
}

/// Begins the log of the command `name` below the folder `home`; with `live` it is shown on standard error too. A command that
/// cannot write a log does its work all the same.
pub fn begin(home: &Path, name: &str, live: bool) {
    let (file, trouble) = match open(&home.join("logs").join("runs"), &format!("{}-{name}-{}.log", stamp(), std::process::id())) {
        Ok((path, file)) => {
            // A process runs one command.
            let _ = CURRENT.set(path);
            (Some(fmt::layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(worth_keeping())), None)
        }
        Err(error) => (None, Some(error)),
    };
    let shown = live.then(|| fmt::layer().with_ansi(false).with_writer(io::stderr).with_filter(worth_keeping()));
    // It fails when something writes logs already; then that goes on.
    let _ = tracing_subscriber::registry().with(file).with(shown).try_init();
    if let Some(error) = trouble {
        tracing::warn!(%error, "this command leaves no log");
    }
}

fn open(folder: &Path, name: &str) -> io::Result<(PathBuf, File)> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let path = folder.join(name);
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
    prune(folder)?;
    Ok((path, file))
}

/// Deletes all but the newest. Names begin with the time, so the newest come last.
fn prune(folder: &Path) -> io::Result<()> {
    let entries = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let mut logs: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect();
    logs.sort();
    for path in logs.iter().rev().skip(KEPT) {
        // Another command may have deleted it already.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// The time, as it may stand in the name of a file and sorts.
#[expect(clippy::disallowed_methods, reason = "the name of a log says when the command was run; nothing is judged by it")]
fn stamp() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)).to_string().replace(':', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_logs_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for number in 10..40 {
            open(folder.path(), &format!("2026-{number}.log")).unwrap();
        }
        let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!((names.len(), names[0].as_str()), (KEPT, "2026-20.log"));
    }
}
