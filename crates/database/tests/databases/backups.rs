//! Backups: what is taken while others write is of one state, is verified, and brings back what was there.

use std::collections::BTreeMap;

use plimsoll_database::{BackupError, Manifest, Place, applied, back_up, check, restore, up, verify};
use plimsoll_model::backup::Difference;
use plimsoll_model::database::DatabaseKind;
use plimsoll_model::time::Moment;
use plimsoll_model::{Digest, Secret};
use plimsoll_testkit::fixtures::{Mariadb, Postgres};

use super::stage::{Stage, fill, script};

/// When they are verified.
const VERIFIED: Moment = Moment(1_768_660_260_000);
/// When all of them are taken.
const AT: Moment = Moment(1_768_660_200_007);

/// How many rows each table has.
fn rows(manifest: &Manifest) -> BTreeMap<&str, u64> {
    manifest.tables.iter().map(|(name, sum)| (name.rsplit('.').next().unwrap().trim_matches('"'), sum.rows)).collect()
}

#[tokio::test]
async fn a_backup_is_verified_and_brings_back_what_was_there() {
    for stage in Stage::all() {
        let (place, folder) = (stage.place("shop"), tempfile::tempdir().unwrap());
        fill(&stage, &place).await;
        let taken = back_up(&place, &folder.path().join("first"), AT, None).await.unwrap();
        let counts = rows(&taken);
        for (table, count) in [("people", 3), ("twice", 5), ("Odd name", 0), ("visits", 3), ("_sqlx_migrations", 1)] {
            assert_eq!(counts.get(table), Some(&count), "{table} of {place}");
        }
        assert_eq!((taken.applied.len(), taken.at), (1, AT));
        assert_eq!(verify(&folder.path().join("first"), &place, VERIFIED).await.unwrap(), taken);
        // What came since hangs on what was there, and what was there is changed.
        let later = "CREATE TABLE later (person INTEGER REFERENCES people (id)); CREATE VIEW late AS SELECT * FROM people; DELETE FROM visits; \
                     UPDATE twice SET a = 7; DROP VIEW named; ALTER TABLE people ADD more INTEGER";
        up(&place, &script(2, later)).await.unwrap();
        assert_ne!(back_up(&place, &folder.path().join("second"), AT, None).await.unwrap().tables, taken.tables);
        for _ in 0..2 {
            restore(&folder.path().join("first"), &place).await.unwrap();
        }
        let again = back_up(&place, &folder.path().join("third"), AT, None).await.unwrap();
        assert_eq!((&again.tables, &again.applied, &again.objects), (&taken.tables, &taken.applied, &taken.objects), "{place}");
        assert_eq!(applied(&place).await.unwrap(), taken.applied);
        up(&place, &script(2, "CREATE TABLE later (n INTEGER)")).await.unwrap();
        let mut names: Vec<String> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["first", "second", "third"], "nothing else is left");
    }
}

#[tokio::test]
async fn it_is_restored_into_an_empty_database_too() {
    for stage in Stage::all() {
        let (place, other, folder) = (stage.place("shop"), stage.place("other"), tempfile::tempdir().unwrap());
        fill(&stage, &place).await;
        let taken = back_up(&place, &folder.path().join("b"), AT, None).await.unwrap();
        restore(&folder.path().join("b"), &other).await.unwrap();
        assert_eq!(back_up(&other, &folder.path().join("c"), AT, None).await.unwrap().tables, taken.tables, "{place}");
    }
}

/// A backup that is taken while transactions of two tables are committed has the same number of rows in both, and its sums are of just that.
#[tokio::test]
async fn what_is_written_meanwhile_is_in_it_whole_or_not_at_all() {
    for stage in Stage::all() {
        let (place, folder) = (stage.place("shop"), tempfile::tempdir().unwrap());
        up(&place, &script(1, "CREATE TABLE one (n INTEGER, t TEXT); CREATE TABLE other (n INTEGER, t TEXT)")).await.unwrap();
        let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
        let writer = {
            let place = place.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while stopped.try_recv().is_err() {
                    write(&place, count).await;
                    let commands = command_lines();
                    assert!(![Postgres::PASSWORD, Mariadb::PASSWORD].iter().any(|password| commands.contains(password)), "{commands}");
                    count += 1;
                }
                count
            })
        };
        for name in ["a", "b", "c"] {
            let taken = back_up(&place, &folder.path().join(name), AT, None).await.unwrap();
            let counts = rows(&taken);
            assert_eq!(counts["one"], counts["other"], "{place}");
            assert_eq!(verify(&folder.path().join(name), &place, VERIFIED).await, Ok(taken));
        }
        stop.send(()).unwrap();
        assert!(writer.await.unwrap() > 0);
    }
}

/// A row into each of two tables, in one transaction.
async fn write(place: &Place, count: i32) {
    use sqlx::{AssertSqlSafe, Connection, raw_sql};
    let rows = format!("BEGIN; INSERT INTO one VALUES ({count}, 'x'); INSERT INTO other VALUES ({count}, 'y'); COMMIT");
    let url = place.url.expose();
    match place.kind {
        DatabaseKind::Sqlite => {
            let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
            raw_sql(AssertSqlSafe(rows.replace("BEGIN", "BEGIN IMMEDIATE"))).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        DatabaseKind::Postgres => drop(raw_sql(AssertSqlSafe(rows)).execute(&mut sqlx::PgConnection::connect(url).await.unwrap()).await.unwrap()),
        DatabaseKind::Mysql => drop(raw_sql(AssertSqlSafe(rows)).execute(&mut sqlx::MySqlConnection::connect(url).await.unwrap()).await.unwrap()),
    }
}

/// What everybody on the machine sees of all processes.
fn command_lines() -> String {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .map(|words| String::from_utf8_lossy(&words).replace('\0', " "))
        .collect()
}

/// Readers of a SQLite file have it open across a restore, and see the one or the other.
#[tokio::test]
async fn open_readers_of_a_file_read_on() {
    use sqlx::{Connection, query_scalar, raw_sql};
    for mode in ["WAL", "DELETE"] {
        let stage = Stage::Sqlite(tempfile::tempdir().unwrap());
        let (place, folder) = (stage.place("shop"), tempfile::tempdir().unwrap());
        fill(&stage, &place).await;
        let mut reader = sqlx::SqliteConnection::connect(place.url.expose()).await.unwrap();
        raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA journal_mode = {mode}"))).execute(&mut reader).await.unwrap();
        back_up(&place, &folder.path().join("b"), AT, None).await.unwrap();
        raw_sql("DELETE FROM twice").execute(&mut reader).await.unwrap();
        let count = "SELECT count(*) FROM twice";
        assert_eq!(query_scalar::<_, i64>(count).fetch_one(&mut reader).await.unwrap(), 0);
        restore(&folder.path().join("b"), &place).await.unwrap();
        assert_eq!(query_scalar::<_, i64>(count).fetch_one(&mut reader).await.unwrap(), 5, "{mode}");
        let now: String = query_scalar("PRAGMA journal_mode").fetch_one(&mut reader).await.unwrap();
        assert_eq!(now, mode.to_lowercase());
    }
}

/// The usual case: the login owns its database and is no superuser, who has put extensions there, one of which the login may not make.
#[tokio::test]
async fn extensions_of_somebody_else_are_left_where_they_are() {
    let server = Postgres::new();
    let folder = tempfile::tempdir().unwrap();
    server.sql("postgres", &format!("CREATE ROLE app LOGIN CREATEDB PASSWORD '{}'", Postgres::PASSWORD));
    server.sql("postgres", "CREATE DATABASE shop OWNER app");
    server.sql("shop", "CREATE SCHEMA ours CREATE VIEW hint AS SELECT 1 AS n; GRANT USAGE ON SCHEMA ours TO app; GRANT SELECT ON ours.hint TO app");
    server.sql("shop", "CREATE EXTENSION citext SCHEMA ours; CREATE EXTENSION pageinspect SCHEMA ours; DROP VIEW ours.hint");
    let place = Place { kind: DatabaseKind::Postgres, url: Secret::new(server.url("shop").replace("postgres:planted", "app:planted")) };
    up(&place, &script(1, "CREATE TABLE people (email ours.citext UNIQUE); INSERT INTO people VALUES ('Zoe@Example')")).await.unwrap();
    let taken = back_up(&place, &folder.path().join("b"), AT, None).await.unwrap();
    verify(&folder.path().join("b"), &place, VERIFIED).await.unwrap();
    up(&place, &script(2, "CREATE SCHEMA later CREATE TABLE t (n INTEGER); DELETE FROM people")).await.unwrap();
    restore(&folder.path().join("b"), &place).await.unwrap();
    let again = back_up(&place, &folder.path().join("c"), AT, None).await.unwrap();
    assert_eq!((again.tables, again.objects), (taken.tables, taken.objects));
}

/// The manifest written anew with other expectations, as nobody but this test would.
fn expect_otherwise(folder: &std::path::Path, manifest: &Manifest) {
    let text = serde_json::to_string(manifest).unwrap();
    let sealed = format!("{{\"hash\":\"{}\",\"manifest\":{text}}}", Digest::of_value(manifest));
    std::fs::write(folder.join("manifest.json"), sealed).unwrap();
}

#[tokio::test]
async fn every_difference_is_found_and_the_scratch_database_is_dropped() {
    for stage in Stage::all() {
        let (place, folder) = (stage.place("shop"), tempfile::tempdir().unwrap());
        fill(&stage, &place).await;
        let folder = folder.path().join("b");
        let mut manifest = back_up(&place, &folder, AT, None).await.unwrap();
        let named = |wanted: &str| manifest.tables.keys().find(|name| name.ends_with(wanted)).unwrap().clone();
        let (people, twice, visits) = (named("people"), named("twice"), named("visits"));
        manifest.tables.get_mut(&people).unwrap().rows = 4;
        manifest.tables.get_mut(&twice).unwrap().hash = Digest::ZERO;
        let sum = manifest.tables.remove(&visits).unwrap();
        manifest.tables.insert("lost".into(), sum);
        expect_otherwise(&folder, &manifest);
        let expect = [
            Difference::Missing { table: "lost".into() },
            Difference::Rows { table: people, expected: 4, found: 3 },
            Difference::Content { table: twice },
            Difference::Surplus { table: visits },
        ];
        assert_eq!(verify(&folder, &place, VERIFIED).await, Err(BackupError::Differs { folder, differences: expect.to_vec() }));
        match &stage {
            Stage::Sqlite(_) => {}
            Stage::Postgres(server) => assert_eq!(server.sql("postgres", "SELECT count(*) FROM pg_database WHERE datname ~ 'verify'"), "0\n"),
            Stage::Mysql(server) => assert_eq!(server.sql("", "SHOW DATABASES LIKE '%verify%'"), ""),
        }
    }
}

/// Whatever follows the log of a server, a replica or an archive, would have to take in each verified backup as a whole.
#[tokio::test]
async fn what_is_only_tried_is_kept_out_of_the_log_of_the_server() {
    let server = Postgres::new();
    let folder = tempfile::tempdir().unwrap();
    let place = Place { kind: DatabaseKind::Postgres, url: Secret::new(server.database("shop")) };
    server.sql(
        "shop",
        "CREATE TABLE people AS SELECT n, repeat(md5(n::text), 12) AS t FROM generate_series(1, 100000) AS n; CREATE INDEX ON people (n)",
    );
    let path = folder.path().join("b");
    back_up(&place, &path, AT, None).await.unwrap();
    let before = server.sql("shop", "SELECT pg_current_wal_lsn()").trim().to_owned();
    verify(&path, &place, VERIFIED).await.unwrap();
    let written: i64 = server.sql("shop", &format!("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '{before}')::bigint")).trim().parse().unwrap();
    let rows: i64 = server.sql("shop", "SELECT pg_table_size('people')").trim().parse().unwrap();
    // An empty database is some megabytes.
    assert!(written < rows / 2, "{written} bytes for a table of {rows}");
}

/// The data takes much longer to be written than the server to be killed.
#[tokio::test]
async fn a_server_that_is_killed_leaves_no_backup() {
    let mut server = Postgres::new();
    let folder = tempfile::tempdir().unwrap();
    let place = Place { kind: DatabaseKind::Postgres, url: Secret::new(server.database("shop")) };
    server.sql("shop", "CREATE TABLE people AS SELECT n, repeat('x', 500) AS t FROM generate_series(1, 200000) AS n");
    let path = folder.path().join("b");
    let running = tokio::spawn({
        let (place, path) = (place.clone(), path.clone());
        async move { back_up(&place, &path, AT, None).await }
    });
    while !folder.path().join("b.new/data.pgdump.zst").exists() {
        tokio::task::yield_now().await;
    }
    server.kill();
    let code = running.await.unwrap().unwrap_err().code();
    assert!(["backup-tool-failed", "database-disconnected"].contains(&code), "{code}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    server.start();
    back_up(&place, &path, AT, None).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_leaves_nothing() {
    let stage = Stage::Sqlite(tempfile::tempdir().unwrap());
    let (place, folder) = (stage.place("shop"), tempfile::tempdir().unwrap());
    let backup = folder.path().join("b");
    assert_eq!(back_up(&place, &backup, AT, None).await.unwrap_err().code(), "database-unknown");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    fill(&stage, &place).await;
    let mut manifest = back_up(&place, &backup, AT, None).await.unwrap();
    assert_eq!(back_up(&place, &backup, AT, None).await.unwrap_err().code(), "backup-exists");
    let elsewhere = Place { kind: DatabaseKind::Postgres, url: Secret::new("postgres://x/y".into()) };
    assert_eq!(restore(&backup, &elsewhere).await.unwrap_err().code(), "backup-of-another-kind");
    assert_eq!(back_up(&place, &folder.path().join("no/b"), AT, None).await.unwrap_err().code(), "backup-file");
    assert_eq!(check(&folder.path().join("none")).await.unwrap_err().code(), "backup-file");
    manifest.version += 1;
    expect_otherwise(&backup, &manifest);
    assert_eq!(check(&backup).await.unwrap_err().code(), "backup-too-new");
}
