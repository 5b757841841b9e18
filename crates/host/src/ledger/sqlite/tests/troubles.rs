//! Ledgers that cannot be used.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use plimsoll_model::deployment::Event;
use plimsoll_model::plan::{PLAN_VERSION, Phase};
use plimsoll_model::time::Moment;
use sqlx::AssertSqlSafe;

use super::{Kept, begun, failure, id, key, step};
use crate::ledger::{Ledger, SqliteLedger};
use crate::trouble::Trouble;

pub(super) async fn run(kept: &Kept, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&kept.ledger.pool).await.map(drop)
}

async fn refused(path: &Path) -> Trouble {
    match SqliteLedger::open(path).await {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(trouble) => trouble,
    }
}

#[tokio::test]
async fn a_newer_ledger_is_refused_and_left_alone() {
    let kept = Kept::new().await;
    run(&kept, "PRAGMA user_version = 99").await.unwrap();
    for _ in 0..2 {
        let trouble = refused(&kept.path()).await;
        assert_eq!(trouble.code, "state-newer");
        assert!(trouble.message.contains("version 99") && trouble.message.contains("up to 3"), "{trouble}");
        assert!(trouble.help.unwrap().contains("use that version or newer"));
    }
}

#[tokio::test]
async fn a_newer_form_is_refused() {
    let check = async |change: &str| {
        let kept = Kept::new().await;
        kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
        run(&kept, change).await.unwrap();
        assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap_err().code, "state-newer", "{change}");
    };
    check("UPDATE deployments SET form = 2").await;
    check(&format!("UPDATE deployments SET plan = '{{\"version\": {}}}'", PLAN_VERSION + 1)).await;
}

#[tokio::test]
async fn the_journal_only_grows() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    kept.ledger.append(&id("d-1"), Moment(2_000), &Event::Sealed, &[]).await.unwrap();
    for sql in [
        "UPDATE journal SET event = '{}'",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal VALUES ('d-1', 0, 0, '{}')",
        "INSERT INTO journal VALUES ('d-1', 7, 0, '{}')",
    ] {
        let refusal = run(&kept, sql).await.unwrap_err();
        assert!(refusal.to_string().contains("append-only"), "{sql}: {refusal}");
    }
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap().unwrap().journal, [Event::Sealed]);
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_says_so() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    // SQLite answers as it does on a full disk when it may not have another page.
    run(&kept, "PRAGMA max_page_count = 1").await.unwrap();
    let large = failure(&"x".repeat(100_000));
    let event = Event::Failed { at: step(Phase::Prepare, "web", 0), failure: large };
    let trouble = kept.ledger.append(&id("d-1"), Moment(2_000), &event, &[]).await.unwrap_err();
    assert_eq!(trouble.code, "ledger-write");
    assert!(trouble.message.contains(kept.path().to_str().unwrap()) && trouble.message.contains("full"), "{trouble}");
    assert!(trouble.help.unwrap().contains("free some space"));

    run(&kept, "PRAGMA max_page_count = 1000000").await.unwrap();
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap().unwrap().journal, []);
    kept.ledger.append(&id("d-1"), Moment(2_000), &event, &[]).await.unwrap();
}

#[tokio::test]
async fn what_is_no_ledger_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let text = "no database at all, and longer than the header of one: ".repeat(20);
    File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
    assert_eq!(refused(&path).await.code, "ledger-damaged");
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_damaged() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    run(&kept, "UPDATE deployments SET record = '{}'").await.unwrap();
    let trouble = kept.ledger.history(&key("dev"), 1).await.unwrap_err();
    assert_eq!(trouble.code, "ledger-damaged");
    assert!(trouble.message.contains("record"), "{trouble}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/ledger.sqlite");
    let trouble = refused(&path).await;
    assert_eq!(trouble.code, "ledger-write");
    assert!(trouble.message.contains(path.to_str().unwrap()), "{trouble}");
}

#[tokio::test]
async fn nobody_else_can_read_it() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(kept.folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        seen += 1;
    }
    assert!(seen >= 2, "the ledger and its write-ahead log");
}
