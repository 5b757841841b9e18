//! A database's schema as a value: every part by its name, told in one normal form, so that two of them can be compared part by part.
//!
//! Parts are tables, columns, indexes, constraints, views, triggers, and what else a kind of database has: sequences, types, routines. Not
//! among them are rows, rights, comments, the order of columns, and the book of migrations.

mod mysql;
mod postgres;
mod sqlite;

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_model::database::DatabaseKind;
use sqlx::Connection;

use crate::connect::{self, Missing};
use crate::fault::{DatabaseError, Fault};
use crate::place::Place;

/// The parts of a database: what each is, by its kind and name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// `column people.name` is `text not null`, for one.
    pub parts: BTreeMap<String, String>,
}

/// One way in which a schema is not another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A part is gone.
    Gone(String),
    /// A part has come.
    Come(String),
    /// A part is another.
    Other {
        /// Which.
        part: String,
        /// What it was.
        before: String,
        /// What it is.
        after: String,
    },
}

impl Schema {
    /// What one would have to do to this one to have the other, part by part.
    #[must_use]
    pub fn changes(&self, after: &Self) -> Vec<Change> {
        let changed = self.parts.iter().filter_map(|(part, before)| match after.parts.get(part) {
            None => Some(Change::Gone(part.clone())),
            Some(after) => (before != after).then(|| Change::Other { part: part.clone(), before: before.clone(), after: after.clone() }),
        });
        let come = after.parts.keys().filter(|part| !self.parts.contains_key(*part)).cloned().map(Change::Come);
        changed.chain(come).collect()
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(part) => write!(f, "{part} is gone"),
            Self::Come(part) => write!(f, "{part} has come"),
            Self::Other { part, before, after } => write!(f, "{part} is `{after}` instead of `{before}`"),
        }
    }
}

/// The schema of the database at `place`; an empty one when it is a SQLite file that does not exist.
///
/// # Errors
/// When it cannot be asked.
pub async fn schema(place: &Place) -> Result<Schema, DatabaseError> {
    if place.file().is_some_and(|file| !file.exists()) {
        return Ok(Schema::default());
    }
    let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
    let unconnected = |fault: Fault| DatabaseError::at(place, None, fault);
    let rows = match place.kind {
        DatabaseKind::Sqlite => {
            let mut connection = connect::sqlite(place, Missing::Refused).await.map_err(unconnected)?;
            let rows = sqlite::parts(&mut connection).await.map_err(failed)?;
            let _ = connection.close().await;
            rows
        }
        DatabaseKind::Postgres => {
            let mut connection = connect::postgres(place).await.map_err(unconnected)?;
            let rows = postgres::parts(&mut connection).await.map_err(failed)?;
            let _ = connection.close().await;
            rows
        }
        DatabaseKind::Mysql => {
            let mut connection = connect::mysql(place).await.map_err(unconnected)?;
            let rows = mysql::parts(&mut connection).await.map_err(failed)?;
            let _ = connection.close().await;
            rows
        }
    };
    Ok(Schema { parts: rows.into_iter().collect() })
}

/// A part and what it is.
type Part = (String, String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_told() {
        let schema = |parts: &[(&str, &str)]| Schema { parts: parts.iter().map(|(part, is)| ((*part).to_owned(), (*is).to_owned())).collect() };
        let before = schema(&[("column a.n", "integer"), ("column a.o", "text"), ("table a", "")]);
        let after = schema(&[("column a.n", "bigint"), ("column a.p", "text"), ("table a", "")]);
        let told: Vec<String> = before.changes(&after).iter().map(Change::to_string).collect();
        assert_eq!(told, ["column a.n is `bigint` instead of `integer`", "column a.o is gone", "column a.p has come"]);
        assert_eq!(before.changes(&before), []);
    }
}
