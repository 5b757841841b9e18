//! Databases beside the schemas that their migrations give: what was done by hand is told, and the scratch database is gone afterwards.

use plimsoll_database::{CompareError, Place, compare, down, neighbours, up};
use plimsoll_model::ComponentName;
use plimsoll_model::database::{Change, DatabaseKind};
use plimsoll_testkit::fixtures::{Mariadb, Postgres};
use sqlx::{AssertSqlSafe, Connection, query, query_scalar, raw_sql};

use super::stage::{Stage, at, fill, script};

const NOTES: &str = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR(80) NOT NULL); CREATE INDEX by_text ON notes (text)";
const TAGS: &str = "CREATE TABLE tags (name VARCHAR(20)); ALTER TABLE notes ADD tag INTEGER; INSERT INTO notes (id, text) VALUES (1, 'first')";

/// What somebody does past the migrations.
async fn by_hand(place: &Place, sql: &str) {
    let (url, sql) = (place.url.expose(), AssertSqlSafe(sql.to_owned()));
    match place.kind {
        DatabaseKind::Sqlite => {
            let mut connection = sqlx::SqliteConnection::connect(url).await.unwrap();
            raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        DatabaseKind::Postgres => drop(raw_sql(sql).execute(&mut sqlx::PgConnection::connect(url).await.unwrap()).await.unwrap()),
        DatabaseKind::Mysql => drop(raw_sql(sql).execute(&mut sqlx::MySqlConnection::connect(url).await.unwrap()).await.unwrap()),
    }
}

/// The changes, without the schema of `PostgreSQL` and the table of an index of `MySQL`.
async fn changes(place: &Place, migrations: &[(i64, &str)]) -> Vec<String> {
    let scripts: Vec<_> = migrations.iter().map(|(version, sql)| script(*version, sql)).collect();
    let compared = compare(place, &scripts).await.unwrap();
    compared.changes.iter().map(|change| change.to_string().replace("public.", "").replace("index notes.", "index ")).collect()
}

/// The scratch databases and files that are there.
fn scratch(stage: &Stage) -> Vec<String> {
    match stage {
        Stage::Sqlite(folder) => {
            let names = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with(".plimsoll")).collect()
        }
        Stage::Postgres(server) => lines(&server.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'plimsoll%' ORDER BY 1")),
        Stage::Mysql(server) => lines(&server.sql("mysql", "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE 'plimsoll%'")),
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| line.starts_with("plimsoll")).map(str::to_owned).collect()
}

#[tokio::test]
async fn what_was_done_by_hand_is_told_and_nothing_else() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        let all = [(1, NOTES), (2, TAGS), (3, "CREATE TABLE later (n INTEGER)")];
        for (version, sql) in &all[..2] {
            up(&place, &script(*version, sql)).await.unwrap();
        }
        // As far as it has them: the third is not applied, and so not missing.
        assert_eq!(changes(&place, &all).await, [""; 0], "{place}");
        by_hand(&place, "CREATE INDEX by_tag ON notes (tag); ALTER TABLE notes ADD mood INTEGER; DROP TABLE tags").await;
        let mut told = changes(&place, &all).await;
        told.sort();
        let expect = ["column notes.mood has come", "column tags.name is gone", "index by_tag has come", "table tags is gone"];
        assert_eq!(told, expect, "{place}");
        let compared = compare(&place, &all.map(|(version, sql)| script(version, sql))).await.unwrap();
        assert_eq!((compared.migrations, compared.findings(&ComponentName::new("main").unwrap()).len()), (2, 3), "the column goes with its table");
        by_hand(&place, if matches!(stage, Stage::Mysql(_)) { "DROP INDEX by_tag ON notes" } else { "DROP INDEX by_tag" }).await;
        by_hand(&place, "ALTER TABLE notes DROP COLUMN mood; CREATE TABLE tags (name VARCHAR(30))").await;
        let other = compare(&place, &all.map(|(version, sql)| script(version, sql))).await.unwrap().changes;
        assert!(
            matches!(&other[..], [Change::Other { part, before, after }] if part.ends_with("tags.name") && before.contains("20") && after.contains("30"))
        );
        assert_eq!(scratch(&stage), [""; 0], "nothing is left");
    }
}

#[tokio::test]
async fn all_that_a_database_can_have_is_the_same_when_it_is_repeated() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        assert_eq!(compare(&place, &[]).await.unwrap().changes, [], "nothing was ever done with {place}");
        let filled = fill(&stage, &place).await;
        assert_eq!(compare(&place, &[filled]).await.unwrap().changes, [], "{place}");
        // What keeps statistics of tables is no part of the schema, and neither is what a database has learned of them.
        by_hand(&place, if matches!(stage, Stage::Mysql(_)) { "ANALYZE TABLE people" } else { "ANALYZE" }).await;
        let filled = fill(&stage, &place).await;
        assert_eq!(compare(&place, &[filled]).await.unwrap().changes, [], "{place}");
    }
}

#[tokio::test]
async fn what_cannot_be_compared_says_why() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        up(&place, &script(1, NOTES)).await.unwrap();
        let check = async |scripts: &[(i64, &str)], code: &str| {
            let scripts: Vec<_> = scripts.iter().map(|(version, sql)| script(*version, sql)).collect();
            let error = compare(&place, &scripts).await.unwrap_err();
            assert_eq!(error.code(), code, "{error}");
            assert!(!error.help().is_empty());
        };
        check(&[], "migration-missing").await;
        check(&[(1, TAGS)], "migration-changed").await;
        by_hand(&place, "CREATE TABLE old (n INTEGER)").await;
        up(&place, &script(2, "ALTER TABLE old ADD m INTEGER")).await.unwrap();
        check(&[(1, NOTES), (2, "ALTER TABLE old ADD m INTEGER")], "migrations-unrepeatable").await;
        assert_eq!(scratch(&stage), [""; 0], "nothing is left");
        // Whoever undoes it by half is told what the `down` forgot.
        by_hand(&place, "DROP TABLE old").await;
        down(&place, 2, "SELECT 1", true).await.unwrap();
        assert_eq!(changes(&place, &[(1, NOTES)]).await, [""; 0]);
    }
}

#[tokio::test]
async fn what_sql_can_reach_beside_its_database_is_known() {
    for stage in Stage::all() {
        let (place, _other) = (stage.place("shop"), stage.place("other"));
        let names = neighbours(&place).await.unwrap();
        assert_eq!(
            ["shop", "other"].map(|name| names.iter().any(|known| known == name)),
            [matches!(stage, Stage::Mysql(_)); 2],
            "{place}: {names:?}"
        );
    }
}

#[tokio::test]
async fn a_login_that_may_not_make_a_scratch_database_is_told_how_to() {
    let (postgres, mariadb) = (Postgres::new(), Mariadb::new());
    postgres.sql("postgres", &format!("CREATE ROLE app LOGIN PASSWORD '{}'", Postgres::PASSWORD));
    postgres.sql("postgres", "CREATE DATABASE shop OWNER app");
    mariadb.sql("mysql", &format!("CREATE DATABASE shop; CREATE USER app IDENTIFIED BY '{0}'; GRANT ALL ON shop.* TO app", Mariadb::PASSWORD));
    let as_app = |url: String| {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (login, server) = rest.rsplit_once('@').unwrap();
        format!("{scheme}://app:{}@{server}", login.split_once(':').unwrap().1)
    };
    let places = [at(DatabaseKind::Postgres, &as_app(postgres.url("shop"))), at(DatabaseKind::Mysql, &as_app(mariadb.url("shop")))];
    for place in places {
        let error = compare(&place, &[]).await.unwrap_err();
        assert!(matches!(error, CompareError::NoScratch { .. }) && error.help().contains("as an administrator"), "{error}");
    }
}

#[tokio::test]
async fn a_scratch_database_is_dropped_by_the_next_one_when_its_maker_is_gone() {
    let (kept, left) = ("plimsoll_verify_00000000000000aa", "plimsoll_verify_ff000000000000bb");
    let (postgres, mariadb) = (Postgres::new(), Mariadb::new());
    let places = [at(DatabaseKind::Postgres, &postgres.database("shop")), at(DatabaseKind::Mysql, &mariadb.database("shop"))];
    let stages = [Stage::Postgres(postgres), Stage::Mysql(mariadb)];
    for place in &places {
        by_hand(place, &format!("CREATE DATABASE {kept}")).await;
        by_hand(place, &format!("CREATE DATABASE {left}")).await;
    }
    let mut postgres = sqlx::PgConnection::connect(places[0].url.expose()).await.unwrap();
    query("SELECT pg_advisory_lock($1)").bind(0xaa_i64).execute(&mut postgres).await.unwrap();
    let mut mysql = sqlx::MySqlConnection::connect(places[1].url.expose()).await.unwrap();
    let _: i64 = query_scalar("SELECT GET_LOCK(?, 0)").bind(kept).fetch_one(&mut mysql).await.unwrap();
    for (place, stage) in places.iter().zip(&stages) {
        compare(place, &[]).await.unwrap();
        assert_eq!(scratch(stage), [kept], "{place}");
    }
    drop((postgres, mysql));
}
