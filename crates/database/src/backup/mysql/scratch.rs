//! A database that is there only to try a backup.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection, raw_sql};

use super::opened;
use crate::backup::scratch_name;
use crate::fault::DatabaseError;
use crate::place::Place;

/// An empty database on the server of another one. It is to be dropped.
#[must_use]
pub(super) struct Scratch {
    name: String,
    place: Place,
}

impl Scratch {
    /// Makes one.
    pub async fn new(place: &Place) -> Result<Self, DatabaseError> {
        let scratch = Self { name: scratch_name(), place: place.clone() };
        scratch.run("CREATE DATABASE").await?;
        Ok(scratch)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops it.
    pub async fn dropped(self) -> Result<(), DatabaseError> {
        self.run("DROP DATABASE").await
    }

    async fn run(&self, what: &str) -> Result<(), DatabaseError> {
        let mut connection: MySqlConnection = opened(&self.place, None).await?;
        let done = raw_sql(AssertSqlSafe(format!("{what} {}", self.name))).execute(&mut connection).await;
        let _ = connection.close().await;
        done.map(|_| ()).map_err(|error| DatabaseError::running(&self.place, &error))
    }
}
