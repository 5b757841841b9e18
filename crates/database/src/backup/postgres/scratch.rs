//! A database that is there only to try a backup.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, query_scalar, raw_sql};

use super::opened;
use crate::backup::scratch_name;
use crate::fault::DatabaseError;
use crate::place::Place;

/// An empty database on the server of another one, with its encoding. It is to be dropped.
#[must_use]
pub(super) struct Scratch {
    name: String,
    place: Place,
    connection: PgConnection,
}

/// What decides how texts are kept and compared.
const ALIKE: &str = "SELECT format('TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype) \
                     FROM pg_database WHERE datname = current_database()";

impl Scratch {
    /// Makes one.
    pub async fn new(place: &Place) -> Result<Self, DatabaseError> {
        let mut connection = opened(place, None).await?;
        let failed = |error: sqlx::Error| DatabaseError::running(place, &error);
        let alike: String = query_scalar(ALIKE).fetch_one(&mut connection).await.map_err(failed)?;
        let name = scratch_name();
        raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name} {alike}"))).execute(&mut connection).await.map_err(failed)?;
        Ok(Self { name, place: place.clone(), connection })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops it, whoever uses it.
    pub async fn dropped(mut self) -> Result<(), DatabaseError> {
        let drop = AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name));
        let mut dropped = raw_sql(drop).execute(&mut self.connection).await;
        if dropped.is_err() {
            // The connection may have been idle for too long.
            let mut anew = opened(&self.place, None).await?;
            dropped = raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name))).execute(&mut anew).await;
        }
        let _ = self.connection.close().await;
        dropped.map(|_| ()).map_err(|error| DatabaseError::running(&self.place, &error))
    }
}
