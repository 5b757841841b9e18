//! Connections as migrations need them: locks are waited for a few seconds at most, and nothing of what is run goes into a log.

use std::str::FromStr;
use std::time::Duration;

use plimsoll_model::database::DatabaseKind;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, raw_sql};

use crate::fault::{Fault, LOCK_WAIT_SECONDS};
use crate::judge;
use crate::place::Place;

/// How long a server may take to let us in.
const WAIT: Duration = Duration::from_secs(10);

/// Whether a SQLite file is made where there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is made.
    Made,
    /// That is a failure.
    Refused,
}

/// Opens the SQLite file.
pub(crate) async fn sqlite(place: &Place, missing: Missing) -> Result<SqliteConnection, Fault> {
    let options: SqliteConnectOptions = options(place)?;
    if is_in_memory(place, &options) {
        return Err(Fault::UrlInvalid);
    }
    if missing == Missing::Refused && !options.get_filename().exists() {
        return Err(Fault::NoDatabase("there is no such file".into()));
    }
    let options = options.create_if_missing(missing == Missing::Made).busy_timeout(Duration::from_secs(LOCK_WAIT_SECONDS));
    connected(DatabaseKind::Sqlite, options).await
}

/// Connects to the `PostgreSQL` server.
pub(crate) async fn postgres(place: &Place) -> Result<PgConnection, Fault> {
    postgres_in(place, None).await
}

/// Connects to the same server, and another database of it where one is named.
pub(crate) async fn postgres_in(place: &Place, database: Option<&str>) -> Result<PgConnection, Fault> {
    let options: PgConnectOptions = options(place)?;
    let options = match database {
        Some(name) => options.database(name),
        None => options,
    };
    let mut connection = connected(DatabaseKind::Postgres, options.application_name("plimsoll")).await?;
    set(&mut connection, format!("SET lock_timeout = '{LOCK_WAIT_SECONDS}s'")).await.map_err(|error| judge::running(place.kind, &error))?;
    // So that a statement ends when we are gone. Not every server's system can tell; then it ends when it is done.
    let _ = set(&mut connection, "SET client_connection_check_interval = '1s'".into()).await;
    Ok(connection)
}

/// Connects to the `MySQL` or `MariaDB` server.
pub(crate) async fn mysql(place: &Place) -> Result<MySqlConnection, Fault> {
    mysql_in(place, None).await
}

/// Connects to the same server, and another database of it where one is named.
pub(crate) async fn mysql_in(place: &Place, database: Option<&str>) -> Result<MySqlConnection, Fault> {
    let options: MySqlConnectOptions = options(place)?;
    let options = match database {
        Some(name) => options.database(name),
        None => options,
    };
    let mut connection = connected(DatabaseKind::Mysql, options).await?;
    let waits = format!("SET SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}, innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}");
    raw_sql(AssertSqlSafe(waits)).execute(&mut connection).await.map_err(|error| judge::running(place.kind, &error))?;
    Ok(connection)
}

/// One in memory would be gone with the connection, and what was applied to it with that.
fn is_in_memory(place: &Place, options: &SqliteConnectOptions) -> bool {
    options.get_filename().to_string_lossy().starts_with("file:sqlx-in-memory") || place.url.expose().contains("mode=memory")
}

fn options<O: FromStr<Err = sqlx::Error>>(place: &Place) -> Result<O, Fault> {
    O::from_str(place.url.expose()).map_err(|_| Fault::UrlInvalid)
}

async fn connected<O: ConnectOptions<Connection: Sized>>(kind: DatabaseKind, options: O) -> Result<O::Connection, Fault> {
    let options = options.disable_statement_logging();
    let connection = tokio::time::timeout(WAIT, options.connect()).await;
    let connection = connection.map_err(|_| Fault::Unreachable(format!("it does not answer within {} s", WAIT.as_secs())))?;
    connection.map_err(|error| judge::connecting(kind, &error))
}

async fn set(connection: &mut PgConnection, what: String) -> sqlx::Result<()> {
    raw_sql(AssertSqlSafe(what)).execute(connection).await.map(|_| ())
}
