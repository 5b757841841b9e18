//! Migrations on a database: which it has, applying one, undoing one.
//!
//! The book of what was applied is sqlx's table `_sqlx_migrations`, so that people's own tools agree with us. Each call is a connection of its
//! own and takes its turn: two that migrate one database do so one after the other. Which migrations there are, and their order, is left to
//! the caller.
//!
//! Where the database can, a migration and its row in the book are one transaction. A call that is dropped in the middle closes its connection,
//! and the database takes back what was not committed.

mod history;
mod mysql;
mod order;

use std::sync::Arc;

use plimsoll_model::database::{Applied, DatabaseKind, Direction};
use sqlx::migrate::Migrate;
use sqlx::mysql::MySqlConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, query_scalar};

use crate::connect::{self, Missing};
use crate::fault::{DatabaseError, Fault, LOCK_WAIT_SECONDS, Step};
use crate::judge;
use crate::place::Place;
pub(crate) use history::History;
pub(crate) use order::checksum;

use history::TABLE;
use order::Order;

/// A migration's SQL and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its version.
    pub version: i64,
    /// What it is called, without the number and with spaces for `_`.
    pub description: String,
    /// The SQL that applies it.
    pub up: String,
    /// Whether it runs in a transaction, where the database can. What cannot run in one (`CREATE INDEX CONCURRENTLY`) says no.
    pub transactional: bool,
}

/// The migrations that the database has, in the order of their versions. None when it has no book of them, or is a SQLite file that does not
/// exist; neither is made.
///
/// # Errors
/// When it cannot be asked.
pub async fn applied(place: &Place) -> Result<Vec<Applied>, DatabaseError> {
    if place.file().is_some_and(|file| !file.exists()) {
        return Ok(Vec::new());
    }
    let found = match place.kind {
        DatabaseKind::Sqlite => read(place.kind, connect::sqlite(place, Missing::Refused).await).await,
        DatabaseKind::Postgres => read(place.kind, connect::postgres(place).await).await,
        DatabaseKind::Mysql => read(place.kind, connect::mysql(place).await).await,
    };
    found.map_err(|fault| DatabaseError::at(place, None, fault))
}

/// Applies a migration; a SQLite file that does not exist is made. Nothing happens when it is applied already with this text.
///
/// # Errors
/// When it is applied with another text or in part, when its turn or a lock does not come within 5 s, and when it fails. It is then not
/// applied, unless the error is [`Fault::Half`] or [`Fault::Disconnected`], or it was not transactional.
pub async fn up(place: &Place, script: &Script) -> Result<(), DatabaseError> {
    migrate(place, Order::up(place.kind, script)).await
}

/// Undoes the migration of this version by `sql`. Nothing happens when it is not applied. One that is applied in part is undone too.
///
/// # Errors
/// As [`up`].
pub async fn down(place: &Place, version: i64, sql: &str, transactional: bool) -> Result<(), DatabaseError> {
    if place.file().is_some_and(|file| !file.exists()) {
        return Ok(());
    }
    migrate(place, Order::down(place.kind, version, sql, transactional)).await
}

async fn migrate(place: &Place, order: Order) -> Result<(), DatabaseError> {
    let done = match place.kind {
        DatabaseKind::Sqlite => on_sqlite(place, &order).await,
        DatabaseKind::Postgres => on_postgres(place, &order).await,
        DatabaseKind::Mysql => on_mysql(place, &order).await,
    };
    done.map_err(|fault| DatabaseError::at(place, Some(order.step()), fault))
}

async fn read<C: History>(kind: DatabaseKind, connection: Result<C, Fault>) -> Result<Vec<Applied>, Fault> {
    let mut connection = connection?;
    let found = connection.history().await.map_err(|error| judge::running(kind, &error))?;
    let _ = connection.close().await;
    Ok(found)
}

/// Who writes to a SQLite file has it alone, so a transaction that begins by writing is the turn.
async fn on_sqlite(place: &Place, order: &Order) -> Result<(), Fault> {
    let missing = if order.step().direction == Direction::Up { Missing::Made } else { Missing::Refused };
    let waited_for = Arc::new(());
    let mut connection = connect::sqlite(place, missing).await?;
    end_with(&mut connection, &waited_for).await.map_err(|error| judge::running(order.kind, &error))?;
    let done = if order.is_transactional() { in_turn(&mut connection, order).await } else { carry_out(&mut connection, order).await };
    // Closed before the answer is given, so that nothing of ours holds the file any more.
    let _ = connection.close().await;
    done
}

/// How many steps of its machine SQLite takes between two looks at whether anybody waits: a few looks in a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

/// Has a statement end when nobody waits for it any more. It runs in a thread of its own, and would go on holding the file.
async fn end_with(connection: &mut SqliteConnection, waited_for: &Arc<()>) -> sqlx::Result<()> {
    let waited_for = Arc::downgrade(waited_for);
    connection.lock_handle().await?.set_progress_handler(STEPS_BETWEEN_LOOKS, move || waited_for.strong_count() > 0);
    Ok(())
}

async fn in_turn(connection: &mut SqliteConnection, order: &Order) -> Result<(), Fault> {
    let mut turn = connection.begin_with("BEGIN IMMEDIATE").await.map_err(|error| judge::waiting(order.kind, &error))?;
    carry_out(&mut *turn, order).await?;
    plimsoll_crashpoint::reach!("client: migrated, not committed");
    turn.commit().await.map_err(|error| judge::running(order.kind, &error))
}

/// The turn is the lock that sqlx takes too; it ends with the connection.
async fn on_postgres(place: &Place, order: &Order) -> Result<(), Fault> {
    let mut connection = connect::postgres(place).await?;
    connection.lock().await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => judge::waiting(order.kind, &error),
        other => Fault::Other(other.to_string()),
    })?;
    carry_out(&mut connection, order).await?;
    let _ = connection.close().await;
    Ok(())
}

/// The name of sqlx's lock. Its own way to take it waits for ever on `MySQL`, and takes nothing on `MariaDB`.
const MYSQL_TURN: &str = "SELECT GET_LOCK(LOWER(HEX(1026731422 * CRC32(DATABASE()))), ?)";

async fn on_mysql(place: &Place, order: &Order) -> Result<(), Fault> {
    let mut connection = connect::mysql(place).await?;
    take_turn(&mut connection).await?;
    if is_due(&mut connection, order).await? {
        mysql::run(&mut connection, order).await?;
    }
    let _ = connection.close().await;
    Ok(())
}

async fn take_turn(connection: &mut MySqlConnection) -> Result<(), Fault> {
    let turn: Option<i64> =
        query_scalar(MYSQL_TURN).bind(LOCK_WAIT_SECONDS).fetch_one(connection).await.map_err(|error| judge::waiting(DatabaseKind::Mysql, &error))?;
    if turn == Some(1) { Ok(()) } else { Err(Fault::Busy) }
}

async fn carry_out<C: History>(connection: &mut C, order: &Order) -> Result<(), Fault> {
    if !is_due(connection, order).await? {
        return Ok(());
    }
    let failed = match order.step().direction {
        Direction::Up => connection.apply(TABLE, order.migration()).await.err(),
        Direction::Down => connection.revert(TABLE, order.migration()).await.err(),
    };
    failed.map_or(Ok(()), |error| Err(order.judged(&error)))
}

/// Whether it is still to be done; what is to be applied has a book to be put down in.
async fn is_due<C: History>(connection: &mut C, order: &Order) -> Result<bool, Fault> {
    let ours = |error: sqlx::Error| judge::running(order.kind, &error);
    if !connection.has_table().await.map_err(ours)? {
        if order.step().direction == Direction::Down {
            return Ok(false);
        }
        connection.ensure_migrations_table(TABLE).await.map_err(|error| judge::script(order.kind, &error, "", false))?;
    }
    order.is_due(&connection.rows().await.map_err(ours)?)
}
