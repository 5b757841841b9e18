//! Running a migration on a database that commits before and after each change to its schema.
//!
//! The row in the book says that it is not whole before the script begins, and that it is when the script has ended. What fails in its first
//! statement has done nothing, as each statement is whole by itself: then the row is as it was. What fails later has kept a part.

use futures_util::TryStreamExt;
use plimsoll_model::database::{Applied, DatabaseKind, Direction};
use sqlx::mysql::{MySqlConnection, MySqlDatabaseError};
use sqlx::{AssertSqlSafe, Connection, Error, query, raw_sql};

use super::history::History;
use super::order::Order;
use crate::fault::Fault;
use crate::judge;

const BEGIN: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?, ?, FALSE, ?, -1)";
const FORGET: &str = "DELETE FROM _sqlx_migrations WHERE version = ?";
const MARK: &str = "UPDATE _sqlx_migrations SET success = ? WHERE version = ?";

/// Dropping several tables is the one statement that may do a part and fail: for a table that is not there.
const UNKNOWN_TABLE: u16 = 1051;

/// Runs what is due.
pub(super) async fn run(connection: &mut MySqlConnection, order: &Order) -> Result<(), Fault> {
    let before = connection.rows().await.map_err(ours)?.into_iter().find(|row| row.version == order.step().version);
    match in_one(connection, order).await {
        Ok(()) => Ok(()),
        Err((error, 0)) if !is_in_part(&error) => {
            as_before(connection, order, before.as_ref()).await.map_err(ours)?;
            Err(order.judged(&error.into()))
        }
        Err((error, _)) => Err(left(connection, order, order.judged(&error.into())).await),
    }
}

/// In one transaction, as far as the script's statements let it be one. With an error comes how many of them were carried out.
async fn in_one(connection: &mut MySqlConnection, order: &Order) -> Result<(), (Error, usize)> {
    let version = order.step().version;
    let mut carried_out = 0;
    let done = async {
        let mut turn = connection.begin().await?;
        match order.step().direction {
            Direction::Up => {
                let row = query(BEGIN).bind(version).bind(&*order.migration().description).bind(&*order.migration().checksum);
                row.execute(&mut *turn).await?
            }
            Direction::Down => query(MARK).bind(false).bind(version).execute(&mut *turn).await?,
        };
        // The SQL is the user's own.
        let mut results = raw_sql(AssertSqlSafe(order.sql())).execute_many(&mut *turn);
        while results.try_next().await?.is_some() {
            carried_out += 1;
        }
        drop(results);
        match order.step().direction {
            Direction::Up => query(MARK).bind(true).bind(version).execute(&mut *turn).await?,
            Direction::Down => query(FORGET).bind(version).execute(&mut *turn).await?,
        };
        turn.commit().await
    };
    done.await.map_err(|error| (error, carried_out))
}

/// The row as it was: the database may have committed what was to be taken back with the rest.
async fn as_before(connection: &mut MySqlConnection, order: &Order, before: Option<&Applied>) -> sqlx::Result<()> {
    let version = order.step().version;
    match before {
        None => query(FORGET).bind(version).execute(connection).await?,
        Some(row) => query(MARK).bind(row.whole).bind(version).execute(connection).await?,
    };
    Ok(())
}

/// What the failure left behind: the row stands there when the database has kept a part.
async fn left(connection: &mut MySqlConnection, order: &Order, fault: Fault) -> Fault {
    let rows = connection.rows().await.unwrap_or_default();
    let is_half = rows.iter().any(|row| row.version == order.step().version && !row.whole);
    if is_half { Fault::Half(fault.to_string()) } else { fault }
}

fn is_in_part(error: &Error) -> bool {
    let said = error.as_database_error().and_then(|said| said.try_downcast_ref::<MySqlDatabaseError>());
    said.is_none_or(|said| said.number() == UNKNOWN_TABLE)
}

fn ours(error: Error) -> Fault {
    judge::running(DatabaseKind::Mysql, &error)
}
