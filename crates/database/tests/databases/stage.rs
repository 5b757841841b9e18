//! Databases to be migrated, one of each kind, and a door in a script at which it waits.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use plimsoll_database::{Place, Script, up};
use plimsoll_model::Secret;
use plimsoll_model::database::DatabaseKind;
use plimsoll_testkit::fixtures::{Mariadb, Postgres};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use tempfile::TempDir;

/// A server, or the folder of a file.
pub enum Stage {
    Sqlite(TempDir),
    Postgres(Postgres),
    Mysql(Mariadb),
}

impl Stage {
    /// One of each kind.
    pub fn all() -> [Self; 3] {
        [Self::Sqlite(tempfile::tempdir().unwrap()), Self::Postgres(Postgres::new()), Self::Mysql(Mariadb::new())]
    }

    /// An empty database of this name.
    pub fn place(&self, name: &str) -> Place {
        match self {
            Self::Sqlite(folder) => at(DatabaseKind::Sqlite, &format!("sqlite://{}/{name}.db", folder.path().display())),
            Self::Postgres(server) => at(DatabaseKind::Postgres, &server.database(name)),
            Self::Mysql(server) => at(DatabaseKind::Mysql, &server.database(name)),
        }
    }
}

/// What is there before a backup: awkward values, equal rows, nothing at all, and what hangs on tables.
const FILLED: &[&str] = &[
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(80), note TEXT, amount DOUBLE PRECISION)",
    "INSERT INTO people VALUES (1, 'Zoë ''quoted'' \"double\"', NULL, 0.1), (2, '', 'two\nlines, and a comma', -1.5e300), (3, NULL, '', NULL)",
    "CREATE TABLE twice (a INTEGER, b INTEGER)",
    "INSERT INTO twice VALUES (1, 2), (1, 2), (2, 1), (NULL, 3), (3, NULL)",
    "CREATE TABLE \"Odd name\" (\"Select\" INTEGER)",
    "CREATE TABLE visits (person INTEGER NOT NULL REFERENCES people (id), at TIMESTAMP DEFAULT '2026-01-02 03:04:05')",
    "INSERT INTO visits (person) VALUES (1), (1), (2)",
    "CREATE VIEW named AS SELECT id, name FROM people WHERE name IS NOT NULL",
];

/// The same for what only one kind has.
fn of_its_own(stage: &Stage) -> &'static [&'static str] {
    match stage {
        Stage::Sqlite(_) => &[
            "CREATE TABLE blobs (b BLOB, c TEXT GENERATED ALWAYS AS (hex(b)) STORED)",
            "INSERT INTO blobs VALUES (x'00ff27'), (zeroblob(3000)), (NULL)",
            "CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID",
            "INSERT INTO keyed VALUES ('a', 1), ('b', 'text'), ('c', x'01'), ('d', 1.0)",
        ],
        Stage::Postgres(_) => &[
            "CREATE TYPE mood AS ENUM ('calm', 'keen')",
            "CREATE TABLE wide (id BIGINT GENERATED ALWAYS AS IDENTITY, b BYTEA, j JSONB, t TIMESTAMPTZ, l TEXT[], m mood, d INTERVAL)",
            "INSERT INTO wide (b, j, t, l, m, d) VALUES ('\\x00ff', '{\"a\": [1]}', '2026-03-29 02:30:00+01', '{a,\"b,c\",NULL}', 'keen', '1 mon 2 days')",
            "ALTER TABLE wide DROP COLUMN l",
            "CREATE SCHEMA \"Other\" CREATE TABLE parted (n INTEGER) PARTITION BY RANGE (n)",
            "CREATE TABLE \"Other\".low PARTITION OF \"Other\".parted FOR VALUES FROM (0) TO (10)",
            "INSERT INTO \"Other\".parted VALUES (1), (2)",
            "CREATE FUNCTION twofold(n INTEGER) RETURNS INTEGER LANGUAGE sql AS 'SELECT 2 * n'",
        ],
        Stage::Mysql(_) => &[
            "CREATE TABLE wide (b BLOB, f FLOAT, t TIMESTAMP NULL, j JSON, e ENUM('calm', 'keen'), i BIT(3), l VARCHAR(9) CHARACTER SET latin1)",
            "INSERT INTO wide VALUES (x'00ff27', 0.1, '2026-03-29 02:30:00', '{}', 'keen', b'101', 'é'), (NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
            "CREATE FUNCTION twofold(n INT) RETURNS INT DETERMINISTIC RETURN 2 * n",
        ],
    }
}

/// Fills an empty database, with a migration of it on the book: the one that is answered.
pub async fn fill(stage: &Stage, place: &Place) -> Script {
    let quoted =
        |sql: &str| if matches!(stage, Stage::Mysql(_)) { sql.replace(" \"Odd name\" (\"Select\"", " `Odd name` (`Select`") } else { sql.to_owned() };
    let sql: Vec<String> = FILLED.iter().chain(of_its_own(stage)).map(|sql| quoted(sql)).collect();
    let script = script(1, &sql.join(";\n"));
    up(place, &script).await.unwrap();
    script
}

/// A place by its URL.
pub fn at(kind: DatabaseKind, url: &str) -> Place {
    Place { kind, url: Secret::new(url.to_owned()) }
}

/// A script that runs in a transaction.
pub fn script(version: i64, up: &str) -> Script {
    Script { version, description: format!("number {version}"), up: up.to_owned(), transactional: true }
}

/// A pipe that a server opens in the middle of a script.
pub struct Door(PathBuf);

impl Door {
    /// A door in this folder, open to everybody.
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("door");
        mknodat(CWD, &path, FileType::Fifo, Mode::from(0o666), 0).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        Self(path)
    }

    /// What makes `PostgreSQL` open it, and then wait for much longer than any test.
    pub fn opened(&self) -> String {
        format!("COPY (SELECT 1) TO '{}'; SELECT pg_sleep(600);", self.0.display())
    }

    /// What makes `MariaDB` open it, and then wait for rows that do not come.
    pub fn read(&self, table: &str) -> String {
        format!("LOAD DATA INFILE '{}' INTO TABLE {table};", self.0.display())
    }

    /// Returns when it has been opened to be read. Rows come to an end when what is given is dropped.
    pub async fn reader(&self) -> std::fs::File {
        let path = self.0.clone();
        tokio::task::spawn_blocking(move || std::fs::File::options().write(true).open(path).unwrap()).await.unwrap()
    }

    /// Returns when it has been opened.
    pub async fn wait(&self) {
        let path = self.0.clone();
        tokio::task::spawn_blocking(move || std::fs::File::open(path).unwrap().read_to_end(&mut Vec::new()).unwrap()).await.unwrap();
    }
}
