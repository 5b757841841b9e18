//! Talking to databases by processes of their own, one for each question: what they may and see is theirs, and ends with them.

use std::collections::BTreeSet;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use async_trait::async_trait;
use plimsoll_api::{CopyAnswer, CopyWork};
use plimsoll_model::backup::Backup;
use plimsoll_model::database::{Applied, Compared, Direction, Migration};
use plimsoll_model::{ComponentName, EnvironmentKey};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::copies::{self, Copying, Shelf};
use super::task::{Answer, Done, Repeated, Task, Work};
use super::{Address, Databases, Keeping, Levels, Place, Room, script};
use crate::folders::Folders;
use crate::trouble::Trouble;

/// Starts the processes.
pub struct Clients {
    /// The binary that they are started from.
    exe: PathBuf,
    folders: Folders,
    users: Users,
}

/// As whom servers may be asked.
pub struct Users {
    /// The user of the daemon, which nobody else than root could leave.
    pub own: String,
    /// Those that the owner of the host lets be asked for, where the daemon is root.
    pub allowed: BTreeSet<String>,
}

impl Users {
    fn judge(&self, place: &Place) -> Result<(), Trouble> {
        let Address::Server { user: Some(user), .. } = &place.address else { return Ok(()) };
        let (is_allowed, why) = if rustix::process::geteuid().is_root() {
            (self.allowed.contains(user), "and this host does not let it")
        } else {
            (self.own == *user, "and the daemon of this host is not root, so it cannot be somebody else")
        };
        let refused = || {
            let help = "take `user` out for this environment; where root runs the daemon, `users` in its host.toml lets it be";
            Trouble::new("user-not-allowed", format!("the database asks for the user {user}, {why}")).with_help(help)
        };
        if is_allowed { Ok(()) } else { Err(refused()) }
    }
}

impl Clients {
    /// Started from the binary `exe`; backups are kept in `folders`, and servers are asked as one of `users`.
    #[must_use]
    pub fn new(exe: PathBuf, folders: Folders, users: Users) -> Self {
        Self { exe, folders, users }
    }

    async fn ask(&self, place: &Place, work: Work) -> Result<Done, Trouble> {
        self.users.judge(place)?;
        let task = serde_json::to_vec(&Task::new(place, work)).map_err(|error| broken(&error))?;
        let answer = self.talk(&task).await.map_err(|error| broken(&error))?;
        match serde_json::from_slice(&answer).map_err(|error| broken(&error))? {
            Answer::Done { done } => Ok(done),
            Answer::Failed { failure } => Err(failure),
        }
    }

    /// The folder of its backups.
    fn room(&self, room: Room<'_>) -> Result<PathBuf, Trouble> {
        let folder = self.folders.backups(room.key, room.database);
        make_room(&folder).map_err(|error| Trouble::new("backup-file", format!("cannot make {}: {error}", folder.display())))?;
        Ok(folder)
    }

    /// Gives the task, and takes the answer.
    #[expect(clippy::disallowed_methods, reason = "the process is ours, ends with its answer, and gets nothing of our environment")]
    async fn talk(&self, task: &[u8]) -> io::Result<Vec<u8>> {
        let mut command = Command::new(&self.exe);
        command.args(["host", "database"]).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut stdin = child.stdin.take().ok_or_else(|| io::Error::other("it has no standard input"))?;
        stdin.write_all(task).await?;
        stdin.write_all(b"\n").await?;
        let answered = child.wait_with_output().await?;
        // Open until then: the process ends when it is closed, as it is when this one is killed.
        drop(stdin);
        Ok(answered.stdout)
    }
}

#[async_trait]
impl Databases for Clients {
    async fn applied(&self, place: &Place) -> Result<Vec<Applied>, Trouble> {
        match &place.address {
            // Nothing of the component was ever there, so neither was its database.
            Address::File { folder, .. } if !folder.exists() => Ok(Vec::new()),
            _ => self.ask(place, Work::Applied).await.map(|done| done.applied),
        }
    }

    async fn migrate(&self, place: &Place, folder: &Path, migration: &Migration, direction: Direction) -> Result<(), Trouble> {
        make_home(place)?;
        let script = script::read(folder, migration, direction)?;
        let (version, description) = (migration.version, migration.description());
        self.ask(place, Work::Migrate { version, description, direction, sql: script.sql, transactional: script.transactional }).await.map(drop)
    }

    async fn compare(&self, room: Room<'_>, folder: &Path, migrations: &[Migration]) -> Result<Compared, Trouble> {
        if is_absent(room.place) {
            return Ok(Compared::default());
        }
        let repeated = migrations.iter().map(|migration| Repeated::read(folder, migration)).collect::<Result<_, _>>()?;
        let work = Work::Compare { room: self.room(room)?, repeated };
        self.ask(room.place, work).await.map(|done| done.compared)
    }

    async fn list(&self, key: &EnvironmentKey, of: &ComponentName) -> Result<Vec<Backup>, Trouble> {
        let (room, database) = (self.folders.backups(key, of), of.clone());
        let listed = tokio::task::spawn_blocking(move || plimsoll_database::list(&room, &database)).await;
        Ok(copies::mark(&self.folders.copies(key, of), listed.map_err(|error| broken(&error))??))
    }

    async fn keep(&self, room: Room<'_>, keeping: Keeping) -> Result<Vec<Backup>, Trouble> {
        if is_absent(room.place) && matches!(keeping, Keeping::BackUp { .. }) {
            return Ok(Vec::new());
        }
        if matches!(keeping, Keeping::Begin { .. } | Keeping::Restore { .. }) {
            make_home(room.place)?;
        }
        let work = Work::Keep { room: self.room(room)?, database: room.database.clone(), keeping };
        let done = self.ask(room.place, work).await?;
        Ok(copies::mark(&self.folders.copies(room.key, room.database), done.backups))
    }

    async fn levels(&self, key: &EnvironmentKey, of: &ComponentName) -> Result<Levels, Trouble> {
        let path = self.folders.levels(key, of);
        let read = match std::fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Levels::default()),
            read => read.map_err(|error| unnoted(&path, &error))?,
        };
        serde_json::from_slice(&read).map_err(|error| unnoted(&path, &error))
    }

    async fn note(&self, key: &EnvironmentKey, of: &ComponentName, levels: &Levels) -> Result<(), Trouble> {
        let path = self.folders.levels(key, of);
        let text = serde_json::to_vec(levels).map_err(|error| unnoted(&path, &error))?;
        let written = tokio::task::spawn_blocking(move || {
            path.parent()
                .map_or(Ok(()), std::fs::create_dir_all)
                .and_then(|()| plimsoll_durable::replace(&path, &text))
                .map_err(|error| unnoted(&path, &error))
        });
        written.await.map_err(|error| broken(&error))?
    }

    async fn copies(&self, of: Copying<'_>, work: &CopyWork) -> Result<CopyAnswer, Trouble> {
        Shelf::of(&self.folders, of)?.carry_out(work).await
    }
}

/// Whether there is no database in the file yet.
fn is_absent(place: &Place) -> bool {
    matches!(&place.address, Address::File { folder, path } if !path.under(folder).exists())
}

/// What comes first into a file may come before the component that it is for.
fn make_home(place: &Place) -> Result<(), Trouble> {
    let Address::File { folder, .. } = &place.address else { return Ok(()) };
    let unmade = |error| Trouble::new("database-folder", format!("cannot make {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(unmade)
}

/// Only who is given the folder itself can reach it: nobody else comes through the one above.
fn make_room(folder: &Path) -> io::Result<()> {
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(folder)
}

fn unnoted(path: &Path, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new("tool-notes", format!("what is noted of a migration tool cannot be kept in {}: {error}", path.display()))
        .with_help("see that the disk has space, and that the daemon may write there")
}

fn broken(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new("database-client", format!("the process that talks to the database broke off: {error}")).with_help("try again")
}
