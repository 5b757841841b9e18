//! Talking to databases by processes of their own, which see what the database's owner sees and nothing that is the daemon's.
//!
//! A file of a database lies among files that a program of somebody else writes, so whoever opens it may be led elsewhere by a link. Where the
//! daemon is root, the process is that of the folder's owner, who could be led nowhere that he may not go himself.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_trait::async_trait;
use plimsoll_model::database::{Applied, Direction, Migration};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::task::{Answer, Task, Work};
use super::{Address, Databases, Place, script};
use crate::trouble::Trouble;

/// Starts a process for each question.
pub struct Clients {
    /// The binary that they are started from.
    exe: PathBuf,
}

impl Clients {
    /// Started from the binary `exe`.
    #[must_use]
    pub fn new(exe: PathBuf) -> Self {
        Self { exe }
    }

    #[expect(clippy::disallowed_methods, reason = "the process is ours, ends with its answer, and gets nothing of our environment")]
    async fn ask(&self, place: &Place, work: Work) -> Result<Vec<Applied>, Trouble> {
        let mut command = Command::new(&self.exe);
        command.args(["host", "database"]).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        if let Address::File(file) = &place.address {
            as_owner(&mut command, file)?;
        }
        let task = serde_json::to_vec(&Task::new(place, work)).map_err(|error| broken(&error))?;
        let answer = talk(command, &task).await.map_err(|error| broken(&error))?;
        match serde_json::from_slice(&answer).map_err(|error| broken(&error))? {
            Answer::Done { applied } => Ok(applied),
            Answer::Failed { failure } => Err(failure),
        }
    }
}

#[async_trait]
impl Databases for Clients {
    async fn applied(&self, place: &Place) -> Result<Vec<Applied>, Trouble> {
        self.ask(place, Work::Applied).await
    }

    async fn migrate(&self, place: &Place, folder: &Path, migration: &Migration, direction: Direction) -> Result<(), Trouble> {
        if let (Address::File(file), Direction::Up) = (&place.address, direction) {
            make_folder(file)?;
        }
        let script = script::read(folder, migration, direction)?;
        let (version, description) = (migration.version, script::description(migration));
        self.ask(place, Work::Migrate { version, description, direction, sql: script.sql, transactional: script.transactional }).await.map(drop)
    }
}

/// Gives the task, and takes the answer.
async fn talk(mut command: Command, task: &[u8]) -> io::Result<Vec<u8>> {
    let mut child = command.spawn()?;
    let mut stdin = child.stdin.take().ok_or_else(|| io::Error::other("it has no standard input"))?;
    stdin.write_all(task).await?;
    drop(stdin);
    Ok(child.wait_with_output().await?.stdout)
}

/// The first migration comes before the program that the folder is for. What the slot is given becomes its user's when it starts.
fn make_folder(file: &Path) -> Result<(), Trouble> {
    let Some(folder) = file.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| Trouble::new("database-folder", format!("cannot make {}: {error}", folder.display())))
}

/// Has the process run as who the folder belongs to, where that is somebody else.
fn as_owner(command: &mut Command, file: &Path) -> Result<(), Trouble> {
    let found = file.parent().map(|folder| (folder, folder.symlink_metadata()));
    let (folder, found) = match found {
        Some((folder, Ok(found))) => (folder, found),
        // There is no database yet, and nobody who could make one.
        _ => return Ok(()),
    };
    if !found.is_dir() {
        let message = format!("{} is no folder, and a database is to be in it", folder.display());
        return Err(Trouble::new("database-folder", message).with_help("find out what took the folder's place, and remove it"));
    }
    if rustix::process::geteuid().is_root() && found.uid() != 0 {
        command.uid(found.uid()).gid(found.gid());
    }
    Ok(())
}

fn broken(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new("database-client", format!("the process that talks to the database broke off: {error}")).with_help("try again")
}
