//! What a process is asked that talks to a database, and what it answers: one JSON document each, on its standard streams.

use plimsoll_database::{DatabaseError, Script};
use plimsoll_model::Secret;
use plimsoll_model::database::{Applied, DatabaseKind, Direction};
use serde::{Deserialize, Serialize};

use super::{Address, Place};
use crate::trouble::Trouble;

/// What is asked.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    engine: DatabaseKind,
    /// May hold a password: this document goes through a pipe and is kept nowhere.
    url: String,
    work: Work,
}

/// What is to be done.
#[derive(Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub(super) enum Work {
    /// Tell which migrations there are.
    Applied,
    /// Run one.
    Migrate { version: i64, description: String, direction: Direction, sql: String, transactional: bool },
}

/// What is answered.
#[derive(Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(super) enum Answer {
    /// It is done.
    Done { applied: Vec<Applied> },
    /// It is not.
    Failed { failure: Trouble },
}

impl Task {
    pub(super) fn new(place: &Place, work: Work) -> Self {
        let url = match &place.address {
            Address::Url(url) => url.expose().clone(),
            Address::File(path) => format!("sqlite://{}", encoded(&path.to_string_lossy())),
        };
        Self { engine: place.engine, url, work }
    }
}

/// Does what the document `task` asks, and gives the document that answers it.
pub async fn carry_out(task: &[u8]) -> Vec<u8> {
    let answer = match serde_json::from_slice::<Task>(task) {
        Ok(task) => work(task).await.map_or_else(|error| Answer::Failed { failure: told(&error) }, |applied| Answer::Done { applied }),
        Err(error) => Answer::Failed { failure: Trouble::new("bad-request", format!("a task for a database cannot be read: {error}")) },
    };
    serde_json::to_vec(&answer).expect("an answer has string keys and no failing serializer")
}

async fn work(task: Task) -> Result<Vec<Applied>, DatabaseError> {
    let place = plimsoll_database::Place { kind: task.engine, url: Secret::new(task.url) };
    match task.work {
        Work::Applied => plimsoll_database::applied(&place).await,
        Work::Migrate { version, description, direction: Direction::Up, sql: up, transactional } => {
            plimsoll_database::up(&place, &Script { version, description, up, transactional }).await.map(|()| Vec::new())
        }
        Work::Migrate { version, direction: Direction::Down, sql, transactional, .. } => {
            plimsoll_database::down(&place, version, &sql, transactional).await.map(|()| Vec::new())
        }
    }
}

fn told(error: &DatabaseError) -> Trouble {
    Trouble::new(error.code(), error.to_string()).with_help(error.help())
}

/// The path of a URL.
fn encoded(path: &str) -> String {
    let escaped = |byte: u8| !(byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte));
    path.bytes().map(|byte| if escaped(byte) { format!("%{byte:02X}") } else { char::from(byte).to_string() }).collect()
}
