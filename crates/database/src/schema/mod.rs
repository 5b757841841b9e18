//! Reading a database's schema: every part by its name, told in one normal form, so that two of them can be compared part by part.
//!
//! Parts are tables, columns, indexes, constraints, views, triggers, and what else a kind of database has: sequences, types, routines. Not
//! among them are rows, rights, comments, the order of columns, and the book of migrations.

mod mysql;
mod postgres;
mod sqlite;

use plimsoll_model::database::{DatabaseKind, Schema};
use sqlx::Connection;

use crate::connect::{self, Missing};
use crate::fault::{DatabaseError, Fault};
use crate::place::Place;

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
