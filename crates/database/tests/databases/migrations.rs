//! Migrations: there and back, repeated, refused, in each other's way, cut off in the middle.

use super::stage::{Door, Stage, at, script};
use plimsoll_database::{Fault, Place, applied, down, up};

/// The versions that a database has.
async fn versions(place: &Place) -> Vec<i64> {
    applied(place).await.unwrap().iter().map(|row| row.version).collect()
}

#[tokio::test]
async fn migrations_are_applied_once_and_undone_once() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        assert_eq!(applied(&place).await.unwrap(), []);
        down(&place, 1, "DROP TABLE a", true).await.unwrap();
        assert_eq!(applied(&place).await.unwrap(), [], "asking and undoing make nothing");
        let scripts = [script(1, "CREATE TABLE a (n INT);\nINSERT INTO a VALUES (1);"), script(20_260_101_000_000, "CREATE TABLE b (n INT)")];
        for _ in 0..2 {
            for script in &scripts {
                up(&place, script).await.unwrap();
            }
        }
        let rows = applied(&place).await.unwrap();
        assert_eq!(
            rows.iter().map(|row| (row.version, row.description.as_str(), row.whole)).collect::<Vec<_>>(),
            [(1, "number 1", true), (20_260_101_000_000, "number 20260101000000", true)]
        );
        let changed = up(&place, &script(1, "CREATE TABLE a (n BIGINT)")).await.unwrap_err();
        assert_eq!(changed.fault, Fault::Changed, "{place}");
        for _ in 0..2 {
            down(&place, 20_260_101_000_000, "DROP TABLE b", true).await.unwrap();
        }
        assert_eq!(versions(&place).await, [1]);
        up(&place, &scripts[1]).await.unwrap();
        assert_eq!(versions(&place).await, [1, 20_260_101_000_000]);
    }
}

#[tokio::test]
async fn a_sqlite_file_is_made_only_by_applying() {
    let stage = Stage::Sqlite(tempfile::tempdir().unwrap());
    let place = stage.place("none");
    assert_eq!(applied(&place).await.unwrap(), []);
    down(&place, 1, "SELECT 1", true).await.unwrap();
    let file = std::path::PathBuf::from(place.url.expose().trim_start_matches("sqlite://"));
    assert!(!file.exists());
    up(&place, &script(1, "SELECT 1")).await.unwrap();
    assert!(file.exists());
}

#[tokio::test]
async fn what_fails_leaves_nothing_where_the_database_can() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        let failing = script(1, "CREATE TABLE a (n INT);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);");
        let error = up(&place, &failing).await.unwrap_err();
        if let Stage::Mysql(_) = stage {
            assert_eq!(error.code(), "migration-half-applied", "{error}");
            let rows = applied(&place).await.unwrap();
            assert_eq!(rows.iter().map(|row| (row.version, row.whole)).collect::<Vec<_>>(), [(1, false)]);
            assert_eq!(up(&place, &failing).await.unwrap_err().fault, Fault::Half(String::new()), "it is not tried again by itself");
            down(&place, 1, "DROP TABLE IF EXISTS a", true).await.unwrap();
        } else {
            assert_eq!(error.code(), "migration-failed", "{error}");
        }
        assert!(versions(&place).await.is_empty());
        up(&place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap();
    }
}

/// This kind of database takes nothing back, but a statement that fails has done nothing.
#[tokio::test]
async fn a_first_statement_that_fails_leaves_nothing_anywhere() {
    let stage = Stage::Mysql(plimsoll_testkit::fixtures::Mariadb::new());
    let place = stage.place("shop");
    up(&place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap();
    for sql in ["CREATE TABLE a (n INT); CREATE TABLE b (n INT)", "ALTER TABLE a ADD m INT, ADD n INT", "INSERT INTO a VALUES (1, 2)"] {
        assert_eq!(up(&place, &script(2, sql)).await.unwrap_err().code(), "migration-failed", "{sql}");
        assert_eq!(versions(&place).await, [1]);
    }
    assert_eq!(down(&place, 1, "DROP TABLE b", true).await.unwrap_err().code(), "migration-half-applied");
    down(&place, 1, "DROP TABLE a", true).await.unwrap();
    up(&place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap();
    assert_eq!(down(&place, 1, "ALTER TABLE a DROP m", true).await.unwrap_err().code(), "migration-failed");
    assert!(applied(&place).await.unwrap()[0].whole, "what could not be undone is still applied");
    let in_rows = "INSERT INTO a VALUES (1); INSERT INTO a VALUES (1, 2)";
    assert_eq!(up(&place, &script(2, in_rows)).await.unwrap_err().code(), "migration-failed", "rows are in its transaction");
    assert_eq!(versions(&place).await, [1]);
}

#[tokio::test]
async fn what_cannot_run_in_a_transaction_runs_without() {
    let [sqlite, postgres, _] = Stage::all();
    for (stage, loose) in [(sqlite, "VACUUM"), (postgres, "CREATE INDEX CONCURRENTLY i ON a (n)")] {
        let place = stage.place("shop");
        up(&place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap();
        let mut second = script(2, loose);
        assert_eq!(up(&place, &second).await.unwrap_err().code(), "migration-failed");
        second.transactional = false;
        up(&place, &second).await.unwrap();
        assert_eq!(versions(&place).await, [1, 2]);
    }
}

#[tokio::test]
async fn two_at_once_take_turns() {
    for stage in Stage::all() {
        let place = stage.place("shop");
        let script = script(1, "CREATE TABLE a (n INT)");
        let (one, other) = tokio::join!(up(&place, &script), up(&place, &script));
        assert_eq!((one, other), (Ok(()), Ok(())), "{place}");
        assert_eq!(versions(&place).await, [1]);
    }
}

#[tokio::test]
async fn a_server_that_is_killed_has_applied_nothing() {
    let mut server = plimsoll_testkit::fixtures::Postgres::new();
    let place = at(plimsoll_model::database::DatabaseKind::Postgres, &server.database("shop"));
    let door = Door::new(server.socket());
    let running = tokio::spawn({
        let (place, script) = (place.clone(), script(1, &format!("CREATE TABLE a (n INT); {}", door.opened())));
        async move { up(&place, &script).await }
    });
    door.wait().await;
    server.kill();
    assert_eq!(running.await.unwrap().unwrap_err().code(), "database-disconnected");
    assert_eq!(applied(&place).await.unwrap_err().code(), "database-unreachable");
    server.start();
    assert!(versions(&place).await.is_empty());
    assert_eq!(server.sql("shop", "SELECT count(*) FROM pg_class WHERE relname = 'a'"), "0\n");
    up(&place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_has_applied_nothing_and_holds_nothing() {
    let server = plimsoll_testkit::fixtures::Postgres::new();
    let place = at(plimsoll_model::database::DatabaseKind::Postgres, &server.database("shop"));
    let door = Door::new(server.socket());
    let waiting = script(1, &format!("CREATE TABLE a (n INT); {}", door.opened()));
    tokio::select! {
        done = up(&place, &waiting) => panic!("it has not waited: {done:?}"),
        () = door.wait() => {}
    }
    up(&place, &script(1, "CREATE TABLE a (n INT)")).await.unwrap();
    assert_eq!(versions(&place).await, [1]);
}
