//! A scratch database of `PostgreSQL`.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, query, query_scalar, raw_sql};

use crate::connect;
use crate::fault::DatabaseError;
use crate::place::Place;

/// What lets a login make one.
pub(crate) const REMEDY: &str = "as an administrator: ALTER ROLE its_user CREATEDB";

/// An empty database on the server of another one, with its encoding. It is to be dropped.
#[must_use]
pub(crate) struct Scratch {
    name: String,
    place: Place,
    /// Holds its lock.
    connection: PgConnection,
}

/// Nobody misses it after a crash, so nothing of it has to be on the disk before the next statement.
const CARELESS: &str = "SET synchronous_commit = off";

/// The tables that hold rows.
const TABLES: &str = "
    SELECT format('%I.%I', nspname, relname) FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'r' AND relpersistence = 'p' AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'";

/// What decides how texts are kept and compared.
const ALIKE: &str = "SELECT format('TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype) \
                     FROM pg_database WHERE datname = current_database()";

/// Those whose maker is gone. A lock belongs to the database that its holder is connected to, so it is looked for in all of them.
const ABANDONED: &str = "
    SELECT datname::text FROM pg_database WHERE datname ~ '^plimsoll_verify_[0-9a-f]{16}$' AND NOT EXISTS (
        SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1
            AND (classid::bigint << 32) | objid::bigint = ('x' || right(datname, 16))::bit(64)::bigint)";

impl Scratch {
    /// Makes one, and drops those whose maker is gone.
    pub async fn new(place: &Place) -> Result<Self, DatabaseError> {
        let mut connection = opened(place).await?;
        let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
        let (number, name) = super::name();
        query("SELECT pg_advisory_lock($1)").bind(number.cast_signed()).execute(&mut connection).await.map_err(failed)?;
        sweep(&mut connection).await.map_err(failed)?;
        let alike: String = query_scalar(ALIKE).fetch_one(&mut connection).await.map_err(failed)?;
        raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} {alike}"))).execute(&mut connection).await.map_err(failed)?;
        let _ = raw_sql(AssertSqlSafe(format!("ALTER DATABASE {name} {CARELESS}"))).execute(&mut connection).await;
        Ok(Self { name, place: place.clone(), connection })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops it, whoever uses it.
    pub async fn dropped(mut self) -> Result<(), DatabaseError> {
        let drop = || raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)));
        let mut dropped = drop().execute(&mut self.connection).await;
        if dropped.is_err() {
            // The connection may have been idle for too long.
            dropped = drop().execute(&mut opened(&self.place).await?).await;
        }
        let _ = self.connection.close().await;
        dropped.map(|_| ()).map_err(|error| DatabaseError::running(&self.place, &error))
    }
}

/// Keeps the rows of its tables, which have none yet, out of the log of the server: it takes half of the time to write, and whatever follows that
/// log would have to read them all. Also waits for locks as long as it takes, as all who are there are ours.
pub(crate) async fn keep_no_log(connection: &mut PgConnection) -> sqlx::Result<()> {
    raw_sql("SET lock_timeout = 0").execute(&mut *connection).await?;
    let names: Vec<String> = query_scalar(TABLES).fetch_all(&mut *connection).await?;
    for name in names {
        // One that cannot do without is as good, and slower.
        let _ = raw_sql(AssertSqlSafe(format!("ALTER TABLE {name} SET UNLOGGED"))).execute(&mut *connection).await;
    }
    Ok(())
}

/// What cannot be dropped is in use, or belongs to somebody else.
async fn sweep(connection: &mut PgConnection) -> sqlx::Result<()> {
    let abandoned: Vec<String> = query_scalar(ABANDONED).fetch_all(&mut *connection).await?;
    for name in abandoned {
        let _ = raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&mut *connection).await;
    }
    Ok(())
}

async fn opened(place: &Place) -> Result<PgConnection, DatabaseError> {
    connect::postgres(place).await.map_err(|fault| DatabaseError::at(place, None, fault))
}
