//! What goes wrong is told by a stable code, and never with the password.

use plimsoll_database::{DatabaseError, Place, applied, back_up, up, verify};
use plimsoll_model::database::DatabaseKind;
use plimsoll_model::time::Moment;
use plimsoll_testkit::fixtures::{Mariadb, Postgres, free_port};
use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, raw_sql};

use super::stage::{Stage, at, script};

/// In every URL below.
const PASSWORDS: &[&str] = &[Postgres::PASSWORD, Mariadb::PASSWORD, "planted%2Fwrong", "planted/wrong"];

fn check(error: &DatabaseError, code: &str) {
    assert_eq!(error.code(), code, "{error}");
    assert!(!error.help().is_empty());
    for shown in [error.to_string(), format!("{error:?}"), error.help()] {
        assert!(!PASSWORDS.iter().any(|password| shown.contains(password)), "{shown}");
    }
}

#[tokio::test]
async fn no_connection_is_told_by_its_reason() {
    let [sqlite, postgres, mysql] = Stage::all();
    let (Stage::Sqlite(folder), Stage::Postgres(postgres), Stage::Mysql(mysql)) = (&sqlite, &postgres, &mysql) else { unreachable!() };
    let file = folder.path().join("text.db");
    std::fs::write(&file, "no database, but long enough to be taken for the header of one".repeat(20)).unwrap();
    let wrong = |url: String, password: &str| url.replace(password, "planted%2Fwrong");
    let nobody = free_port();
    let cases = [
        (DatabaseKind::Postgres, postgres.url("nowhere"), "database-unknown"),
        (DatabaseKind::Postgres, wrong(postgres.url("postgres"), Postgres::PASSWORD), "database-login-denied"),
        (DatabaseKind::Postgres, format!("postgres://u:planted%2Fwrong@127.0.0.1:{nobody}/x"), "database-unreachable"),
        (DatabaseKind::Postgres, "planted/wrong".into(), "database-url-invalid"),
        (DatabaseKind::Mysql, mysql.url("nowhere"), "database-unknown"),
        (DatabaseKind::Mysql, wrong(mysql.url("mysql"), Mariadb::PASSWORD), "database-login-denied"),
        (DatabaseKind::Mysql, format!("mysql://u:planted%2Fwrong@127.0.0.1:{nobody}/x"), "database-unreachable"),
        (DatabaseKind::Sqlite, format!("sqlite://{}", file.display()), "database-damaged"),
        (DatabaseKind::Sqlite, format!("sqlite://{}?mode=planted/wrong", file.display()), "database-url-invalid"),
    ];
    for (kind, url, code) in cases {
        check(&applied(&at(kind, &url)).await.unwrap_err(), code);
    }
    for url in ["sqlite::memory:", "sqlite://x.db?mode=memory"] {
        check(&up(&at(DatabaseKind::Sqlite, url), &script(1, "SELECT 1")).await.unwrap_err(), "database-url-invalid");
    }
    let missing = at(DatabaseKind::Sqlite, &format!("sqlite://{}/no/folder/x.db", folder.path().display()));
    check(&up(&missing, &script(1, "SELECT 1")).await.unwrap_err(), "database-unreachable");
}

#[tokio::test]
async fn a_mistake_in_a_script_is_told_with_its_line() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        let mistaken = script(1, "SELECT 1;\n\nSELECT 'é';\nSELEKT planted_mistake;\nSELECT 2;\n");
        let error = up(&place, &mistaken).await.unwrap_err();
        check(&error, "migration-failed");
        assert!(error.to_string().contains("line 4: "), "{error}");
        assert!(error.to_string().starts_with("migration 1 (up) on the "), "{error}");
    }
}

#[tokio::test]
async fn what_the_login_may_not_do_is_told() {
    let [_, postgres, mysql] = Stage::all();
    let (Stage::Postgres(postgres), Stage::Mysql(mysql)) = (&postgres, &mysql) else { unreachable!() };
    let (in_postgres, in_mysql) = (postgres.database("shop"), mysql.database("shop"));
    postgres.sql("shop", &format!("CREATE ROLE weak LOGIN PASSWORD '{}'", Postgres::PASSWORD));
    mysql.sql("", &format!("CREATE USER weak@'127.0.0.1' IDENTIFIED BY '{}'; GRANT SELECT ON shop.* TO weak@'127.0.0.1'", Mariadb::PASSWORD));
    let cases = [
        (at(DatabaseKind::Postgres, &in_postgres), at(DatabaseKind::Postgres, &in_postgres.replace("postgres:planted", "weak:planted"))),
        (at(DatabaseKind::Mysql, &in_mysql), at(DatabaseKind::Mysql, &in_mysql.replace("plimsoll:planted", "weak:planted"))),
    ];
    for (all, place) in cases {
        check(&up(&place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap_err(), "database-forbidden");
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("b");
        // Whoever may read all of it may back it up, and needs one more right to verify that.
        back_up(&all, &backup, Moment(0), None).await.unwrap();
        let error = verify(&backup, &place, Moment(0)).await.unwrap_err();
        assert_eq!((error.code(), error.condemns()), ("backup-unverifiable", false), "{error}");
        assert!(error.help().contains("as an administrator"), "{}", error.help());
    }
}

/// Each of these waits for 5 s, so they wait together.
#[tokio::test]
async fn who_does_not_get_his_turn_or_a_lock_is_told() {
    let [sqlite, postgres, mysql] = Stage::all();
    let places = [sqlite.place("shop"), postgres.place("shop"), mysql.place("shop")];
    for place in &places {
        up(place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap();
    }
    let [in_sqlite, in_postgres, in_mysql] = &places;
    let mut writer = SqliteConnection::connect(in_sqlite.url.expose()).await.unwrap();
    raw_sql("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    let mut migrator = PgConnection::connect(in_postgres.url.expose()).await.unwrap();
    sqlx::migrate::Migrate::lock(&mut migrator).await.unwrap();
    let mut other = MySqlConnection::connect(in_mysql.url.expose()).await.unwrap();
    // The name that sqlx's own tools give the lock of a database called shop.
    raw_sql("SELECT GET_LOCK('293775f3d108c5fc', 0)").execute(&mut other).await.unwrap();
    check_all(&places, "database-busy").await;
    for connection in [writer.close().await, migrator.close().await, other.close().await] {
        connection.unwrap();
    }
    let mut reader = PgConnection::connect(places[1].url.expose()).await.unwrap();
    raw_sql("BEGIN; SELECT * FROM a").execute(&mut reader).await.unwrap();
    let mut other = MySqlConnection::connect(places[2].url.expose()).await.unwrap();
    raw_sql("BEGIN; SELECT * FROM a").execute(&mut other).await.unwrap();
    check_all(&places[1..], "database-locked").await;
    for place in &places {
        assert_eq!(applied(place).await.unwrap().len(), 1, "it has left nothing on {place}");
    }
}

async fn check_all(places: &[Place], code: &str) {
    let tasks: Vec<_> =
        places.iter().cloned().map(|place| tokio::spawn(async move { up(&place, &script(2, "ALTER TABLE a ADD m INT")).await })).collect();
    for task in tasks {
        check(&task.await.unwrap().unwrap_err(), code);
    }
}
