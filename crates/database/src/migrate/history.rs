//! The book of applied migrations, as each kind of database is asked for it.

use std::future::Future;

use plimsoll_model::database::{Applied, Checksum};
use sqlx::migrate::Migrate;
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, query_as, query_scalar};

/// The name of the book.
pub(crate) const TABLE: &str = "_sqlx_migrations";

const ROWS: &str = "SELECT version, description, checksum, success FROM _sqlx_migrations ORDER BY version";

type Row = (i64, String, Vec<u8>, bool);

/// A connection that can be asked for the book.
pub(crate) trait History: Connection + Migrate + Send {
    /// Whether there is a book.
    fn has_table(&mut self) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// What stands in it, which must be there.
    fn rows(&mut self) -> impl Future<Output = sqlx::Result<Vec<Applied>>> + Send;

    /// What stands in it; nothing where there is none.
    fn history(&mut self) -> impl Future<Output = sqlx::Result<Vec<Applied>>> + Send {
        async { if self.has_table().await? { self.rows().await } else { Ok(Vec::new()) } }
    }
}

impl History for SqliteConnection {
    async fn has_table(&mut self) -> sqlx::Result<bool> {
        query_scalar("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations')").fetch_one(self).await
    }

    async fn rows(&mut self) -> sqlx::Result<Vec<Applied>> {
        Ok(query_as::<_, Row>(ROWS).fetch_all(self).await?.into_iter().map(applied).collect())
    }
}

impl History for PgConnection {
    async fn has_table(&mut self) -> sqlx::Result<bool> {
        query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(self).await
    }

    async fn rows(&mut self) -> sqlx::Result<Vec<Applied>> {
        Ok(query_as::<_, Row>(ROWS).fetch_all(self).await?.into_iter().map(applied).collect())
    }
}

impl History for MySqlConnection {
    async fn has_table(&mut self) -> sqlx::Result<bool> {
        let count: i64 =
            query_scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '_sqlx_migrations'")
                .fetch_one(self)
                .await?;
        Ok(count > 0)
    }

    async fn rows(&mut self) -> sqlx::Result<Vec<Applied>> {
        Ok(query_as::<_, Row>(ROWS).fetch_all(self).await?.into_iter().map(applied).collect())
    }
}

/// A checksum as it is written.
pub(crate) fn hex(bytes: &[u8]) -> Checksum {
    Checksum(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn applied((version, description, checksum, whole): Row) -> Applied {
    Applied { version, description, checksum: hex(&checksum), whole }
}
