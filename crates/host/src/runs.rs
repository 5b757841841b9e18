//! What operators told of their deployments while they ran them: for each the log of its run, kept beside the environment. There are bounds
//! to their number and size, so nothing has to be looked after.

use std::fs::DirBuilder;
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use plimsoll_model::{DeploymentId, EnvironmentKey};

use crate::folders::Folders;
use crate::trouble::Trouble;

/// How many logs of an environment are kept: the newest.
pub const KEPT: usize = 50;

/// How much of a log is kept, in bytes: the end of it.
pub const LONGEST: usize = 256 << 10;

/// Keeps the logs of runs.
#[async_trait]
pub trait RunLogs: Send + Sync {
    /// Keeps a log, in the place of what was kept for that deployment. The oldest of the environment may go for it.
    async fn keep(&self, key: &EnvironmentKey, id: &DeploymentId, text: &str) -> Result<(), Trouble>;

    /// The log that is kept; none when there is none, or none any more.
    async fn read(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Option<String>, Trouble>;
}

/// The end of a log, whole lines of it.
#[must_use]
pub fn end(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let rest = &text[text.ceil_char_boundary(text.len() - LONGEST)..];
    rest.split_once('\n').map_or(rest, |(_, lines)| lines)
}

/// Logs in the folders of a host, one file each.
pub struct RunFiles {
    folders: Folders,
    /// Held by the one that writes: two that write the same file would share a temporary one.
    writing: Arc<Mutex<()>>,
}

impl RunFiles {
    /// Logs below `folders`.
    #[must_use]
    pub fn new(folders: Folders) -> Self {
        Self { folders, writing: Arc::default() }
    }
}

#[async_trait]
impl RunLogs for RunFiles {
    async fn keep(&self, key: &EnvironmentKey, id: &DeploymentId, text: &str) -> Result<(), Trouble> {
        let (folder, name, text, writing) = (self.folders.runs(key), file_name(id), end(text).to_owned(), Arc::clone(&self.writing));
        blocking(folder, move |folder| {
            let _alone = writing.lock().unwrap_or_else(PoisonError::into_inner);
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            plimsoll_durable::replace(&folder.join(name), text.as_bytes())?;
            prune(folder)
        })
        .await
    }

    async fn read(&self, key: &EnvironmentKey, id: &DeploymentId) -> Result<Option<String>, Trouble> {
        let name = file_name(id);
        blocking(self.folders.runs(key), move |folder| match std::fs::read(folder.join(name)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }
}

fn file_name(id: &DeploymentId) -> String {
    format!("{id}.log")
}

/// Names of deployments sort by time, so the newest come last.
fn prune(folder: &Path) -> io::Result<()> {
    let mut logs: Vec<PathBuf> = folder.read_dir()?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    logs.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
    logs.sort();
    logs.iter().rev().skip(KEPT).try_for_each(std::fs::remove_file)
}

/// Does `work` on a folder, on a thread that may block.
async fn blocking<T: Send + 'static>(folder: PathBuf, work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static) -> Result<T, Trouble> {
    let place = folder.display().to_string();
    let done = tokio::task::spawn_blocking(move || work(&folder)).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(|error| {
        let help = "see that the disk has space, and that the user who runs plimsoll may write there";
        Trouble::new("run-logs", format!("logs of deployments cannot be kept in {place}: {error}")).with_help(help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_logs_are_kept_and_of_long_ones_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let runs = RunFiles::new(Folders::new(folder.path()));
        let key = EnvironmentKey { project: "shop".parse().unwrap(), environment: "local".parse().unwrap() };
        let id = |number: usize| DeploymentId::new(format!("2026-{number:03}")).unwrap();
        for number in 0..KEPT + 2 {
            runs.keep(&key, &id(number), &format!("{number}")).await.unwrap();
        }
        for (number, expect) in [(1, None), (2, Some("2")), (KEPT + 1, Some("51"))] {
            assert_eq!(runs.read(&key, &id(number)).await.unwrap().as_deref(), expect, "{number}");
        }
    }

    #[test]
    fn of_a_long_log_whole_lines_are_kept() {
        assert_eq!(end("a\nb\n"), "a\nb\n");
        let long = format!("begin\n{}\n{}\nlast\n", "é".repeat(LONGEST / 4), "x".repeat(LONGEST / 2));
        assert_eq!(end(&long), &long["begin\n".len() + LONGEST / 4 * 2 + 1..]);
    }
}
