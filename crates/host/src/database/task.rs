//! What a process is asked that talks to a database, and what it answers: one JSON document each, on its standard streams.

use std::fs::File;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use plimsoll_migration::Script;
use plimsoll_model::backup::Backup;
use plimsoll_model::database::{Applied, Compared, DatabaseKind, Direction, Migration};
use plimsoll_model::{ComponentName, RelPath, Secret};
use serde::{Deserialize, Serialize};

use super::{Address, Keeping, Place, confine, room, script};
use crate::trouble::Trouble;

/// What is asked.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    engine: DatabaseKind,
    address: Whereabouts,
    work: Work,
}

/// Where the database is.
#[derive(Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "snake_case")]
enum Whereabouts {
    File {
        folder: PathBuf,
        path: RelPath,
    },
    /// May hold a password: this document goes through a pipe and is kept nowhere.
    Server {
        url: String,
        user: Option<String>,
    },
}

/// What is to be done.
#[derive(Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub(super) enum Work {
    /// Tell which migrations there are.
    Applied,
    /// Run one.
    Migrate { version: i64, description: String, direction: Direction, sql: String, transactional: bool },
    /// Compare its schema with what these give. The backups lie in `room`: who works there has the scratch files to himself.
    Compare { room: PathBuf, repeated: Vec<Repeated> },
    /// Do something with the backups that lie in `room`.
    Keep { room: PathBuf, database: ComponentName, keeping: Keeping },
}

/// A migration that is applied once more, elsewhere.
#[derive(Serialize, Deserialize)]
pub(super) struct Repeated {
    file: String,
    version: i64,
    description: String,
    sql: String,
    transactional: bool,
}

impl Repeated {
    /// Reads it; its file is in `folder`.
    pub(super) fn read(folder: &Path, migration: &Migration) -> Result<Self, Trouble> {
        let Script { file, sql, transactional, .. } = script::read(folder, migration, Direction::Up)?;
        Ok(Self { file, version: migration.version, description: migration.description(), sql, transactional })
    }

    /// Whether it may be: what it does must be undone with the database that it is applied to.
    fn judge(&self, kind: DatabaseKind, databases: &[String]) -> Result<(), Trouble> {
        let Some(statement) = plimsoll_migration::beyond(kind, &self.sql, databases) else { return Ok(()) };
        // No more of it: a password may come next.
        let shown = statement.split_whitespace().take(WORDS).collect::<Vec<_>>().join(" ");
        let message = format!("{} cannot be repeated on a scratch database: `{shown} …` reaches beyond its own", self.file);
        Err(Trouble::new("migration-reaches-beyond", message)
            .with_help("compare the schema by hand; what belongs to the server is better set up apart from migrations"))
    }
}

/// How many words of a statement are shown.
const WORDS: usize = 3;

/// What is answered.
#[derive(Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(super) enum Answer {
    /// It is done.
    Done { done: Done },
    /// It is not.
    Failed { failure: Trouble },
}

/// What came of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Done {
    /// The migrations that were asked for.
    pub applied: Vec<Applied>,
    /// What was found of its schema.
    pub compared: Compared,
    /// The backups that it was about.
    pub backups: Vec<Backup>,
}

impl Work {
    /// Whether it brings something into a file that is not there yet.
    fn may_come_first(&self) -> bool {
        matches!(self, Self::Migrate { direction: Direction::Up, .. } | Self::Keep { keeping: Keeping::Begin { .. } | Keeping::Restore { .. }, .. })
    }

    /// The folder that it is done in.
    fn room(&self) -> Option<&Path> {
        if let Self::Keep { room, .. } | Self::Compare { room, .. } = self { Some(room) } else { None }
    }
}

impl Task {
    pub(super) fn new(place: &Place, work: Work) -> Self {
        let address = match &place.address {
            Address::Server { url, user } => Whereabouts::Server { url: url.expose().clone(), user: user.clone() },
            Address::File { folder, path } => Whereabouts::File { folder: folder.clone(), path: path.clone() },
        };
        Self { engine: place.engine, address, work }
    }
}

/// Does what `asker` asks in its first line, a document, and gives the document that answers it. When `asker` ends before that, so does this
/// process: nothing is done any more for a daemon that is gone. A process that is root is
/// so no more afterwards: it is nobody, or the owner of the folder of a database in a file, and then sees nothing else. So it has to have one
/// thread, and to end with the answer.
#[must_use]
pub fn carry_out(mut asker: impl BufRead + Send + 'static) -> Vec<u8> {
    let mut task = String::new();
    let read = asker.read_line(&mut task).map_err(|error| broken("a task for a database cannot be read", &error));
    let task = read.and_then(|_| serde_json::from_str::<Task>(&task).map_err(|error| broken("a task for a database cannot be read", &error)));
    let done = task.and_then(|task| run(task, asker));
    let answer = done.map_or_else(|failure| Answer::Failed { failure }, |done| Answer::Done { done });
    serde_json::to_vec(&answer).expect("an answer has string keys and no failing serializer")
}

fn run(task: Task, asker: impl BufRead + Send + 'static) -> Result<Done, Trouble> {
    plimsoll_crashpoint::reach!("client: asked");
    let room = task.work.room();
    let url = match task.address {
        Whereabouts::Server { url, user } => {
            confine::resign(room, user.as_deref()).map_err(|error| broken("root cannot be laid down", &error))?;
            url
        }
        Whereabouts::File { folder, path } => {
            let file = confine::enter(&folder, &path, room).map_err(|error| broken(&format!("{} cannot be entered", folder.display()), &error))?;
            if task.work.may_come_first() {
                make_room(&file).map_err(|error| broken(&format!("the folder of {path} cannot be made"), &error))?;
            }
            format!("sqlite://{}", encoded(&file.to_string_lossy()))
        }
    };
    std::thread::spawn(|| end_with(asker));
    let place = plimsoll_database::Place { kind: task.engine, url: Secret::new(url) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| broken("nothing can be waited for", &error))?;
    runtime.block_on(work(&place, task.work))
}

/// Ends the process with `asker`, which says nothing more. The database takes back what was not committed.
fn end_with(mut asker: impl BufRead) {
    let _ = io::copy(&mut asker, &mut io::sink());
    std::process::exit(1);
}

async fn work(place: &plimsoll_database::Place, work: Work) -> Result<Done, Trouble> {
    match work {
        Work::Applied => {
            let applied = plimsoll_database::applied(place).await?;
            Ok(Done { applied, ..Done::default() })
        }
        Work::Migrate { version, description, direction, sql, transactional } => {
            match direction {
                Direction::Up => plimsoll_database::up(place, &plimsoll_database::Script { version, description, up: sql, transactional }).await?,
                Direction::Down => plimsoll_database::down(place, version, &sql, transactional).await?,
            }
            plimsoll_crashpoint::reach!("client: migrated, not answered");
            Ok(Done::default())
        }
        Work::Compare { repeated, .. } => {
            let _room = locked()?;
            let compared = compare(place, repeated).await?;
            Ok(Done { compared, ..Done::default() })
        }
        Work::Keep { database, keeping, .. } => {
            let _room = locked()?;
            let backups = room::keep(place, &database, keeping).await?;
            Ok(Done { backups, ..Done::default() })
        }
    }
}

/// For as long as this process is there: two that work with the same backups would take them from each other.
fn locked() -> Result<File, Trouble> {
    confine::lock_room().map_err(|error| broken("the folder of the backups cannot be locked", &error))
}

async fn compare(place: &plimsoll_database::Place, repeated: Vec<Repeated>) -> Result<Compared, Trouble> {
    plimsoll_database::sweep(place)?;
    let databases = plimsoll_database::neighbours(place).await?;
    repeated.iter().try_for_each(|one| one.judge(place.kind, &databases))?;
    let script =
        |Repeated { version, description, sql, transactional, .. }| plimsoll_database::Script { version, description, up: sql, transactional };
    let scripts: Vec<_> = repeated.into_iter().map(script).collect();
    Ok(plimsoll_database::compare(place, &scripts).await?)
}

/// The first migration comes before the program that the folder is for.
fn make_room(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), std::fs::create_dir_all)
}

fn broken(what: &str, error: &dyn std::fmt::Display) -> Trouble {
    Trouble::new("database-client", format!("{what}: {error}"))
}

/// The path of a URL.
fn encoded(path: &str) -> String {
    let escaped = |byte: u8| !(byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte));
    path.bytes().map(|byte| if escaped(byte) { format!("%{byte:02X}") } else { char::from(byte).to_string() }).collect()
}
