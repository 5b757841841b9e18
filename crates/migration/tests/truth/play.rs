//! A migration on a database that is in use.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_migration::{Example, Pair, Script};
use plimsoll_testkit::fixtures::Postgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, query, query_scalar, raw_sql};

use super::serving::{Answer, USES, Use, attempt};
use super::watched::{Seen, Watched};

/// What is in the tables.
const ROWS: &str = "
INSERT INTO account SELECT n, n || '@shop.example', 'name ' || n, n % 90 FROM generate_series(1, 1000) n;
INSERT INTO payment SELECT n, n, n / 10.0 FROM generate_series(1, 1000) n;";

/// Files of tables and indexes that are there.
const FILES: &str = "SELECT relname::text, relfilenode::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = 'public' AND relkind IN ('r', 'i')";

/// Names and types of columns, by which a schema is known.
const COLUMNS: &str = "
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
FROM information_schema.columns WHERE table_schema = 'public'";

/// The locks that this connection holds on a table.
const LOCKS: &str = "SELECT coalesce(string_agg(mode, ' ' ORDER BY mode), '') FROM pg_locks
WHERE pid = pg_backend_pid() AND granted AND relation = to_regclass($1)";

/// The rows that this transaction has read from a table, one after the other.
const READ: &str = "SELECT coalesce(pg_stat_get_xact_tuples_returned(to_regclass($1)), 0)";

/// A migration that is about to be run.
pub struct Play {
    url: String,
    /// The connection of the program of before.
    program: PgConnection,
    migration: Pair,
}

impl Play {
    /// Everything is taken away, and all that comes before `example` is applied and filled.
    pub async fn of(server: &Postgres, example: &Example) -> Self {
        // By the socket, where there is no password to be computed for each of many connections.
        let url = format!("postgres://postgres@localhost:{}/postgres?host={}", server.port, server.socket().display());
        let mut migrations = example.migrations().into_iter();
        let migration = migrations.next_back().unwrap();
        let mut connection = PgConnection::connect(&url).await.unwrap();
        raw_sql("DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public").execute(&mut connection).await.unwrap();
        let mut fill = Some(ROWS);
        for before in migrations {
            raw_sql(AssertSqlSafe(before.up.sql)).execute(&mut connection).await.unwrap();
            raw_sql(fill.take().unwrap_or_default()).execute(&mut connection).await.unwrap();
        }
        let mut play = Self { url, program: connection, migration };
        assert_eq!(play.broken().await, [""; 0], "the program of before works before");
        assert!(play.values().await.values().all(|values| values.len() == 1000), "there are rows to be lost");
        play
    }

    /// Runs it, there and back.
    pub async fn watch(&mut self) -> Watched {
        let (files, values, all) = (self.files().await, self.values().await, self.all().await);
        if self.fails_later().await && all != self.all().await {
            return Watched { half: true, ..Watched::default() };
        }
        let mut watched = self.apply().await;
        if watched.failed.is_some() {
            return watched;
        }
        let now = self.files().await;
        watched.rewritten = files.into_iter().filter(|(name, file)| now.get(name).is_some_and(|now| now != file)).map(|(name, _)| name).collect();
        watched.broken = self.broken().await;
        let kept = self.values().await;
        watched.lost = values.iter().filter(|(table, values)| kept.get(*table).is_some_and(|kept| !values.is_subset(kept))).count();
        if let Some(down) = &self.migration.down {
            raw_sql(AssertSqlSafe(down.sql.clone())).execute(&mut self.program).await.unwrap();
        }
        watched.undone = all == self.all().await;
        watched
    }

    /// Runs it in a transaction that then fails; whether it can be run in one.
    async fn fails_later(&mut self) -> bool {
        let up = &self.migration.up;
        if !up.transactional {
            return false;
        }
        let failing = format!("{}\n;SELECT 1 / 0", up.sql);
        let mut transaction = self.program.begin().await.unwrap();
        assert!(raw_sql(AssertSqlSafe(failing)).execute(&mut *transaction).await.is_err());
        transaction.rollback().await.unwrap();
        true
    }

    async fn apply(&mut self) -> Watched {
        let up = self.migration.up.clone();
        let done = if up.transactional { self.in_transaction(&up).await } else { self.beside_a_writer(&up).await };
        match done {
            Ok(tables) => Watched { tables, ..Watched::default() },
            Err(error) => Watched { failed: Some(error.to_string()), ..Watched::default() },
        }
    }

    /// Runs it, and looks around before it is committed.
    async fn in_transaction(&mut self, up: &Script) -> sqlx::Result<Vec<Seen>> {
        let mut connection = self.connect().await;
        let mut transaction = connection.begin().await?;
        raw_sql(AssertSqlSafe(up.sql.clone())).execute(&mut *transaction).await?;
        let mut tables = Vec::new();
        for used in USES {
            let locks = query_scalar(LOCKS).bind(used.table).fetch_one(&mut *transaction).await?;
            let read = query_scalar(READ).bind(used.table).fetch_one(&mut *transaction).await?;
            tables.push(self.seen(used, locks, read).await);
        }
        transaction.commit().await?;
        Ok(tables)
    }

    /// Runs it while a row that somebody has written is not committed, and looks around as soon as it waits for that or is done.
    async fn beside_a_writer(&mut self, up: &Script) -> sqlx::Result<Vec<Seen>> {
        let mut writer = self.connect().await;
        let mut writing = writer.begin().await?;
        raw_sql("UPDATE account SET name = name WHERE id = 1").execute(&mut *writing).await?;
        let mut connection = self.connect().await;
        let pid: i32 = query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        let sql = up.sql.clone();
        let running = tokio::spawn(async move { raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.map(drop) });
        while !running.is_finished() && !self.waits(pid).await {
            tokio::task::yield_now().await;
        }
        let mut tables = Vec::new();
        for used in USES {
            // Whatever it has read so far, it goes on reading when the writer is done.
            tables.push(self.seen(used, String::new(), i64::MAX).await);
        }
        writing.commit().await?;
        running.await.unwrap()?;
        Ok(tables)
    }

    async fn waits(&mut self, pid: i32) -> bool {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $1 AND NOT granted)";
        query_scalar(waits).bind(pid).fetch_one(&mut self.program).await.unwrap()
    }

    async fn seen(&mut self, used: &Use, locks: String, read: i64) -> Seen {
        let readers_wait = attempt(&mut self.program, used.reads).await == Answer::Waits;
        let writers_wait = attempt(&mut self.program, used.writes).await == Answer::Waits;
        Seen { table: used.table, locks, readers_wait, writers_wait, read }
    }

    /// The statements of the program of before that fail.
    async fn broken(&mut self) -> Vec<String> {
        let mut broken = Vec::new();
        for statement in USES.iter().flat_map(|used| [used.reads, used.writes]) {
            match attempt(&mut self.program, statement).await {
                Answer::Given => {}
                answer => broken.push(format!("{statement}: {answer:?}")),
            }
        }
        broken
    }

    async fn files(&mut self) -> BTreeMap<String, String> {
        let rows = query(FILES).fetch_all(&mut self.program).await.unwrap();
        rows.into_iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// What the program of before reads from each table that it can read.
    async fn values(&mut self) -> BTreeMap<&'static str, BTreeSet<String>> {
        let mut values = BTreeMap::new();
        for used in USES {
            let all = format!("SELECT to_jsonb(read)::text FROM ({}) read", used.reads);
            if let Ok(read) = query_scalar(AssertSqlSafe(all)).fetch_all(&mut self.program).await {
                values.insert(used.table, read.into_iter().collect());
            }
        }
        values
    }

    /// Each row of the tables that are still there, as text with its columns by name.
    async fn rows(&mut self) -> BTreeSet<String> {
        let mut rows = BTreeSet::new();
        for used in USES {
            let there: bool = query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(used.table).fetch_one(&mut self.program).await.unwrap();
            if there {
                let all = format!("SELECT '{0} ' || to_jsonb({0})::text FROM {0}", used.table);
                rows.extend(query_scalar::<_, String>(AssertSqlSafe(all)).fetch_all(&mut self.program).await.unwrap());
            }
        }
        rows
    }

    /// The schema with what is in it.
    async fn all(&mut self) -> BTreeSet<String> {
        let mut all = self.rows().await;
        all.extend(query_scalar::<_, String>(COLUMNS).fetch_all(&mut self.program).await.unwrap());
        all
    }

    async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }
}
