//! The rules held against SQLite and `MariaDB`, as far as they speak of what becomes of the program and of the rows. Locks are looked at on
//! `PostgreSQL`, where nearly all rules about them are at home.

use std::collections::BTreeSet;

use plimsoll_migration::{Example, Harm, Pair};
use plimsoll_model::database::DatabaseKind;
use plimsoll_testkit::fixtures::Mariadb;
use sqlx::mysql::MySqlConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, query_scalar, raw_sql};

use super::serving::USES;
use super::watched::Watched;

/// What the program of before reads, as text.
const READS: &[&str] = &["SELECT json_array(id, email, name, age) FROM account", "SELECT json_array(id, account_id, amount) FROM payment"];

/// The columns that there are.
const SQLITE_COLUMNS: &str = "SELECT json_array(m.name, c.name) FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
const MYSQL_COLUMNS: &str = "SELECT json_array(table_name, column_name) FROM information_schema.columns WHERE table_schema = DATABASE()";

/// A database with the program of before on it.
pub enum Elsewhere {
    Sqlite(SqliteConnection),
    Mysql(MySqlConnection),
}

impl Elsewhere {
    /// An empty one.
    pub async fn new(kind: DatabaseKind, server: &Mariadb, name: &str) -> Self {
        match kind {
            DatabaseKind::Sqlite => Self::Sqlite(SqliteConnection::connect("sqlite::memory:").await.unwrap()),
            _ => Self::Mysql(MySqlConnection::connect(&server.database(name)).await.unwrap()),
        }
    }

    /// Runs `example` there and back, after all that comes before it.
    pub async fn watch(&mut self, example: &Example) -> Watched {
        let mut migrations = example.migrations().into_iter();
        let Pair { up, down, .. } = migrations.next_back().unwrap();
        for before in migrations {
            self.run(&before.up.sql).await.unwrap();
        }
        self.fill().await;
        let (values, all) = (self.values().await, self.all().await);
        assert_eq!(values.iter().flatten().count(), 20, "there are rows to be lost");
        if matches!(self, Self::Sqlite(_)) && self.fails_later(&up.sql).await != all {
            return Watched { half: true, ..Watched::default() };
        }
        if let Err(error) = self.apply(&up.sql).await {
            return Watched { failed: Some(error.to_string()), ..Watched::default() };
        }
        let broken = self.broken().await;
        let kept = self.values().await;
        let lost = values.iter().zip(&kept).filter(|(values, kept)| !kept.is_empty() && !values.is_subset(kept)).count();
        let gone = kept.iter().filter(|kept| kept.is_empty()).count();
        if let Some(down) = down {
            self.run(&down.sql).await.unwrap();
        }
        Watched { broken, lost: lost + gone, undone: all == self.all().await, ..Watched::default() }
    }

    /// Runs statements, one after the other.
    pub async fn run(&mut self, sql: &str) -> sqlx::Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => raw_sql(sql).execute(connection).await.map(drop),
            Self::Mysql(connection) => raw_sql(sql).execute(connection).await.map(drop),
        }
    }

    /// Runs it in a transaction, as a migration is run.
    async fn apply(&mut self, sql: &str) -> sqlx::Result<()> {
        self.run("BEGIN").await?;
        self.run(sql).await?;
        self.run("COMMIT").await
    }

    /// Runs it in a transaction that then fails; all that is there afterwards.
    async fn fails_later(&mut self, sql: &str) -> BTreeSet<String> {
        self.run("BEGIN").await.unwrap();
        assert!(self.run(&format!("{sql}\n;SELECT * FROM nowhere")).await.is_err());
        // There may be none any more to be taken back.
        let _ = self.run("ROLLBACK").await;
        self.all().await
    }

    async fn fill(&mut self) {
        for id in 1..=10 {
            self.run(&format!("INSERT INTO account (id, email, name, age) VALUES ({id}, '{id}@shop.example', 'name {id}', {id})")).await.unwrap();
            self.run(&format!("INSERT INTO payment (id, account_id, amount) VALUES ({id}, {id}, {id})")).await.unwrap();
        }
    }

    async fn broken(&mut self) -> Vec<String> {
        let mut broken = Vec::new();
        for statement in USES.iter().flat_map(|used| [used.reads, used.writes]) {
            self.run("BEGIN").await.unwrap();
            broken.extend(self.run(statement).await.err().map(|error| format!("{statement}: {error}")));
            self.run("ROLLBACK").await.unwrap();
        }
        broken
    }

    /// What the program reads from each of its tables; nothing where it cannot.
    async fn values(&mut self) -> Vec<BTreeSet<String>> {
        let mut values = Vec::new();
        for reads in READS {
            values.push(self.read(reads).await.unwrap_or_default());
        }
        values
    }

    async fn all(&mut self) -> BTreeSet<String> {
        let columns = if matches!(self, Self::Sqlite(_)) { SQLITE_COLUMNS } else { MYSQL_COLUMNS };
        let columns = self.read(columns).await.unwrap();
        self.values().await.into_iter().flatten().chain(columns).collect()
    }

    async fn read(&mut self, sql: &'static str) -> sqlx::Result<BTreeSet<String>> {
        let rows: Vec<String> = match self {
            Self::Sqlite(connection) => query_scalar(sql).fetch_all(connection).await?,
            Self::Mysql(connection) => query_scalar(sql).fetch_all(connection).await?,
        };
        Ok(rows.into_iter().collect())
    }
}

/// The harm that a rule speaks of, where it can be seen here.
pub fn harm(kind: DatabaseKind, harm: Harm) -> Option<Harm> {
    match (kind, harm) {
        // It makes up values for the rows that are there, and fails on those of the program of before.
        (DatabaseKind::Mysql, Harm::Fails) => Some(Harm::BreaksServing),
        (_, Harm::BreaksServing | Harm::Fails | Harm::LeavesHalf | Harm::LosesRows | Harm::CannotBeUndone) => Some(harm),
        _ => None,
    }
}
