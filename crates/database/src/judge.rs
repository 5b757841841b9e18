//! What a failure of a database means, by what it and its driver say.

use std::borrow::Cow;

use plimsoll_model::database::DatabaseKind;
use sqlx::Error;
use sqlx::error::DatabaseError as Said;
use sqlx::migrate::MigrateError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use crate::fault::Fault;
use crate::line;

/// Makes a fault of what was said.
pub(crate) type Meaning = fn(String) -> Fault;

/// What it means that no connection came about.
pub(crate) fn connecting(kind: DatabaseKind, error: &Error) -> Fault {
    match error {
        Error::Configuration(_) => Fault::UrlInvalid,
        Error::Database(said) => {
            meaning(kind, &**said).map_or_else(|| Fault::Unreachable(said.message().into()), |fault| fault(said.message().into()))
        }
        other => Fault::Unreachable(other.to_string()),
    }
}

/// What it means that something failed that is ours.
pub(crate) fn running(kind: DatabaseKind, error: &Error) -> Fault {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => Fault::Disconnected(error.to_string()),
        Error::Database(said) => meaning(kind, &**said).unwrap_or(Fault::Other)(said.message().into()),
        other => Fault::Other(other.to_string()),
    }
}

/// What it means that this script failed.
pub(crate) fn script(kind: DatabaseKind, error: &MigrateError, text: &str, stays: bool) -> Fault {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return Fault::Other(error.to_string());
    };
    match (error, running(kind, error)) {
        (Error::Database(said), Fault::Other(why)) => Fault::Script { line: line_of(&**said, text), why, stays },
        (_, fault) => fault,
    }
}

/// What it means that the turn of this migration did not come.
pub(crate) fn waiting(kind: DatabaseKind, error: &Error) -> Fault {
    match running(kind, error) {
        Fault::Locked(_) => Fault::Busy,
        other => other,
    }
}

fn line_of(said: &dyn Said, text: &str) -> Option<usize> {
    if let Some(said) = said.try_downcast_ref::<PgDatabaseError>() {
        return match said.position()? {
            PgErrorPosition::Original(position) => Some(line::of_position(text, position)),
            PgErrorPosition::Internal { .. } => None,
        };
    }
    line::meant(said.message()).and_then(|meant| line::of_text(text, meant))
}

fn meaning(kind: DatabaseKind, said: &dyn Said) -> Option<Meaning> {
    match kind {
        DatabaseKind::Sqlite => sqlite(number(said.code())?),
        DatabaseKind::Postgres => postgres(&said.code()?),
        DatabaseKind::Mysql => mysql(said.try_downcast_ref::<MySqlDatabaseError>()?.number()),
    }
}

fn number(code: Option<Cow<'_, str>>) -> Option<u32> {
    code?.parse().ok()
}

/// Of an extended result code the low byte says what it is.
pub(crate) fn sqlite(code: u32) -> Option<Meaning> {
    match code & 0xff {
        3 | 8 | 23 => Some(Fault::Forbidden),
        5 | 6 => Some(Fault::Locked),
        11 | 26 => Some(Fault::Damaged),
        13 => Some(Fault::Full),
        14 => Some(Fault::Unreachable),
        _ => None,
    }
}

fn postgres(state: &str) -> Option<Meaning> {
    match state {
        "28000" | "28P01" => Some(Fault::Denied),
        "3D000" => Some(Fault::NoDatabase),
        "42501" => Some(Fault::Forbidden),
        "53100" => Some(Fault::Full),
        "40P01" | "55P03" => Some(Fault::Locked),
        "57P03" | "53300" => Some(Fault::Unreachable),
        "57P01" | "57P02" => Some(Fault::Disconnected),
        _ if state.starts_with("08") => Some(Fault::Disconnected),
        _ => None,
    }
}

fn mysql(number: u16) -> Option<Meaning> {
    match number {
        1045 | 1130 | 1698 => Some(Fault::Denied),
        1049 => Some(Fault::NoDatabase),
        1044 | 1142 | 1143 | 1227 | 1370 => Some(Fault::Forbidden),
        1021 | 1114 => Some(Fault::Full),
        1205 | 1213 => Some(Fault::Locked),
        1040 => Some(Fault::Unreachable),
        1053 | 1927 | 2006 | 2013 => Some(Fault::Disconnected),
        _ => None,
    }
}
