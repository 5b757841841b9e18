//! A scratch database of `MySQL` or `MariaDB`.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection, query, query_scalar, raw_sql};

use crate::connect;
use crate::fault::DatabaseError;
use crate::place::Place;

/// What lets a login make one.
pub(crate) const REMEDY: &str = "as an administrator: GRANT ALL ON `plimsoll\\_verify\\_%`.* TO its user";

/// An empty database on the server of another one, with its character set. It is to be dropped.
#[must_use]
pub(crate) struct Scratch {
    name: String,
    place: Place,
    /// Holds its lock.
    connection: MySqlConnection,
}

/// What decides how texts are kept and compared.
const ALIKE: &str = "SELECT CONCAT('CHARACTER SET ', @@character_set_database, ' COLLATE ', @@collation_database)";

/// The connection that holds the lock has nothing to say until the end. A day, in seconds.
const PATIENT: &str = "SET SESSION wait_timeout = 86400";

/// Those whose maker is gone.
const ABANDONED: &str = "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata
    WHERE schema_name REGEXP '^plimsoll_verify_[0-9a-f]{16}$' AND IS_FREE_LOCK(schema_name)";

impl Scratch {
    /// Makes one, and drops those whose maker is gone.
    pub async fn new(place: &Place) -> Result<Self, DatabaseError> {
        let mut connection = opened(place).await?;
        let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
        let (_, name) = super::name();
        raw_sql(PATIENT).execute(&mut connection).await.map_err(failed)?;
        query("SELECT GET_LOCK(?, 0)").bind(&name).execute(&mut connection).await.map_err(failed)?;
        sweep(&mut connection).await.map_err(failed)?;
        let alike: String = query_scalar(ALIKE).fetch_one(&mut connection).await.map_err(failed)?;
        raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} {alike}"))).execute(&mut connection).await.map_err(failed)?;
        Ok(Self { name, place: place.clone(), connection })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops it.
    pub async fn dropped(mut self) -> Result<(), DatabaseError> {
        let drop = || raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {}", self.name)));
        let mut dropped = drop().execute(&mut self.connection).await;
        if dropped.is_err() {
            // The connection may have broken meanwhile.
            dropped = drop().execute(&mut opened(&self.place).await?).await;
        }
        let _ = self.connection.close().await;
        dropped.map(|_| ()).map_err(|error| DatabaseError::running(&self.place, &error))
    }
}

/// What cannot be dropped belongs to somebody else.
async fn sweep(connection: &mut MySqlConnection) -> sqlx::Result<()> {
    let abandoned: Vec<String> = query_scalar(ABANDONED).fetch_all(&mut *connection).await?;
    for name in abandoned {
        let _ = raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).execute(&mut *connection).await;
    }
    Ok(())
}

async fn opened(place: &Place) -> Result<MySqlConnection, DatabaseError> {
    connect::mysql(place).await.map_err(|fault| DatabaseError::at(place, None, fault))
}
