//! The audit log in a file: written with what it tells of, kept for as long as it must be, and found out when it was tampered with.

use plimsoll_api::{AuditPage, AuditQuery};
use plimsoll_model::audit::{Action, Actor, Break, Deed, Ending, Entry, Flaw, Mark, verify_whole};
use plimsoll_model::deployment::{Event, Outcome};
use plimsoll_model::time::Moment;

use super::troubles::run;
use super::{Kept, begun, failure, id, key};
use crate::ledger::{Build, Change, Ledger, SqliteLedger};

fn host() -> Actor {
    Actor::host("plimsoll", "server")
}

fn deed(reason: &str) -> Deed {
    Deed { reason: Some(reason.into()), ..Deed::new(host(), Action::Resume, Ending::Done) }
}

fn all() -> AuditQuery {
    AuditQuery { limit: 10_000, ..AuditQuery::default() }
}

async fn page(kept: &Kept) -> AuditPage {
    kept.ledger.audit(&all()).await.unwrap()
}

fn judged(page: &AuditPage) -> Result<Mark, (u64, u64, Flaw)> {
    verify_whole(&page.anchor, &page.rows, &page.head).map_err(|Break { first, last, flaw }| (first, last, flaw))
}

fn entries(page: &AuditPage) -> Vec<Entry> {
    page.rows.iter().map(|row| row.read().expect("nobody tampered with it")).collect()
}

/// A ledger whose log has six rows of its own.
async fn six() -> Kept {
    let kept = Kept::new().await;
    for number in 1..=6 {
        kept.ledger.tell(Moment(number * 1_000), &deed(&format!("number {number}"))).await.unwrap();
    }
    kept
}

#[tokio::test]
async fn a_deployment_is_told_of_with_its_records() {
    let kept = Kept::new().await;
    let stored = begun("d-1", "dev");
    kept.ledger.begin(&stored).await.unwrap();
    kept.ledger.begin(&stored).await.unwrap();
    let closed = Deed { deployment: Some(id("d-1")), ..Deed::new(host(), Action::Deploy, Ending::RolledBack) };
    let back = Event::RollingBack { failure: failure("a") };
    kept.ledger.append(&id("d-1"), Moment(2_000), &back, &[]).await.unwrap();
    let over = Event::Closed { outcome: Outcome::RolledBack };
    kept.ledger.append(&id("d-1"), Moment(3_000), &over, &[Change::Told(Box::new(closed.clone()))]).await.unwrap();
    let kept = kept.reopened().await;
    let told = page(&kept).await;
    assert_eq!(entries(&told), [Entry { at: Moment(1_000), deed: Deed::begun(&stored.record) }, Entry { at: Moment(3_000), deed: closed }]);
    assert_eq!(judged(&told), Ok(told.head));
}

#[tokio::test]
async fn what_is_not_written_is_not_told_of() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    let told = Change::Told(Box::new(deed("of nothing")));
    let refusals = [
        kept.ledger.begin(&begun("d-2", "dev")).await.unwrap_err(),
        kept.ledger.append(&id("d-9"), Moment(2_000), &Event::Sealed, std::slice::from_ref(&told)).await.unwrap_err(),
    ];
    assert_eq!(refusals.map(|refusal| refusal.code), ["deployment-open", "deployment-unknown"]);
    assert_eq!(page(&kept).await.rows.len(), 1);
}

#[tokio::test]
async fn rows_are_found_by_environment_time_and_number() {
    let kept = Kept::new().await;
    for (number, environment) in [(1, "dev"), (2, "live"), (3, "dev"), (4, "dev")] {
        let deed = Deed { environment: Some(key(environment)), ..deed("x") };
        kept.ledger.tell(Moment(number * 1_000), &deed).await.unwrap();
    }
    kept.ledger.tell(Moment(5_000), &deed("of the host")).await.unwrap();
    let check = async |query: AuditQuery, expect: &[u64]| {
        let found = kept.ledger.audit(&query).await.unwrap();
        assert_eq!(found.rows.iter().map(|row| row.seq).collect::<Vec<_>>(), expect, "{query:?}");
        assert_eq!((found.anchor, found.head.seq), (Mark::START, 5));
    };
    check(all(), &[1, 2, 3, 4, 5]).await;
    check(AuditQuery { limit: 2, ..all() }, &[4, 5]).await;
    check(AuditQuery { limit: 0, ..all() }, &[]).await;
    check(AuditQuery { key: Some(key("dev")), limit: 2, ..all() }, &[3, 4]).await;
    check(AuditQuery { key: Some(key("other")), ..all() }, &[]).await;
    check(AuditQuery { since: Some(Moment(3_000)), ..all() }, &[3, 4, 5]).await;
    check(AuditQuery { after: Some(0), limit: 2, ..all() }, &[1, 2]).await;
    check(AuditQuery { after: Some(2), key: Some(key("dev")), limit: 1, ..all() }, &[3]).await;
    check(AuditQuery { after: Some(5), ..all() }, &[]).await;
}

#[tokio::test]
async fn a_long_log_is_read_in_parts() {
    let kept = Kept::new().await;
    let mut tx = kept.ledger.writing().await.map_err(|fault| fault.into_trouble(&kept.path())).unwrap();
    for number in 0..1_203 {
        super::super::audit::tell(&mut tx, Moment(number), &deed("x")).await.map_err(|fault| fault.into_trouble(&kept.path())).unwrap();
    }
    tx.commit().await.unwrap();
    let whole = page(&kept).await;
    assert_eq!((whole.rows.len(), judged(&whole)), (1_203, Ok(whole.head)));
    let behind = kept.ledger.audit(&AuditQuery { after: Some(100), limit: 900, ..all() }).await.unwrap();
    assert_eq!((behind.rows[0].seq, behind.rows.len(), behind.rows[899].seq), (101, 900, 1_000));
    let last = kept.ledger.audit(&AuditQuery { limit: 700, ..all() }).await.unwrap();
    assert_eq!((last.rows[0].seq, last.rows.len()), (504, 700));
}

#[tokio::test]
async fn the_log_only_grows() {
    let kept = six().await;
    for sql in [
        "UPDATE audit SET entry = '{}'",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3",
        "INSERT INTO audit SELECT 9, hash, hash, entry FROM audit WHERE seq = 6",
        "INSERT INTO audit SELECT 7, previous, hash, entry FROM audit WHERE seq = 6",
        "UPDATE audit_ends SET seq = 5 WHERE end = 'head'",
        "UPDATE audit_ends SET end = 'anchor' WHERE end = 'head'",
        "DELETE FROM audit_ends",
    ] {
        let refusal = run(&kept, sql).await.unwrap_err();
        assert!(refusal.to_string().contains("append-only"), "{sql}: {refusal}");
    }
    let whole = page(&kept).await;
    assert_eq!((whole.rows.len(), judged(&whole)), (6, Ok(whole.head)));
}

/// Who can write to the file can take the triggers away. What they do then is found.
#[tokio::test]
async fn what_gets_past_the_triggers_is_named() {
    let check = async |sql: &str, expect: (u64, u64, Flaw)| {
        let kept = six().await;
        let triggers: Vec<String> = sqlx::query_scalar("SELECT 'DROP TRIGGER ' || name || ';' FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&kept.ledger.pool)
            .await
            .unwrap();
        run(&kept, &triggers.concat()).await.unwrap();
        run(&kept, sql).await.unwrap();
        let kept = kept.reopened().await;
        assert_eq!(judged(&page(&kept).await), Err(expect), "{sql}");
    };
    check("UPDATE audit SET entry = replace(entry, 'number 3', 'number 8') WHERE seq = 3", (3, 3, Flaw::Changed)).await;
    check("UPDATE audit SET entry = entry || ' ' WHERE seq = 6", (6, 6, Flaw::Changed)).await;
    check("UPDATE audit SET entry = 'nonsense' WHERE seq = 1", (1, 1, Flaw::Changed)).await;
    check("UPDATE audit SET hash = zeroblob(32) WHERE seq = 2", (2, 2, Flaw::Changed)).await;
    check("UPDATE audit SET hash = x'00' WHERE seq = 2", (2, 2, Flaw::Changed)).await;
    check("UPDATE audit SET previous = zeroblob(32) WHERE seq = 4", (4, 4, Flaw::Changed)).await;
    check("DELETE FROM audit WHERE seq = 3", (3, 3, Flaw::Deleted)).await;
    check("DELETE FROM audit WHERE seq <= 2", (1, 2, Flaw::Deleted)).await;
    check("DELETE FROM audit WHERE seq >= 5", (5, 6, Flaw::CutOff)).await;
    check("DELETE FROM audit", (1, 6, Flaw::CutOff)).await;
    check("UPDATE audit SET seq = seq + 10 WHERE seq = 6", (16, 16, Flaw::Changed)).await;
    check(
        "UPDATE audit SET seq = 9 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 9",
        (3, 3, Flaw::Reordered),
    )
    .await;
    check(
        "UPDATE audit_ends SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 2) WHERE end = 'anchor'; DELETE FROM audit WHERE seq <= 2",
        (1, 2, Flaw::NotPruned),
    )
    .await;
    check("UPDATE audit_ends SET (seq, hash) = (SELECT seq, hash FROM audit WHERE seq = 4) WHERE end = 'head'", (5, 6, Flaw::Inserted)).await;
}

#[tokio::test]
async fn old_entries_go_and_that_is_on_record() {
    let kept = six().await;
    let before = page(&kept).await;
    kept.ledger.prune_audit(Moment(9_000), Moment(1_000), &host()).await.unwrap();
    assert_eq!(page(&kept).await, before, "none is older");
    kept.ledger.prune_audit(Moment(9_000), Moment(4_000), &host()).await.unwrap();
    let kept = kept.reopened().await;
    let after = page(&kept).await;
    assert_eq!(after.rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [4, 5, 6, 7]);
    assert_eq!((after.anchor, judged(&after)), (before.rows[2].mark(), Ok(after.head)));
    let told = entries(&after).pop().unwrap().deed;
    assert_eq!((told.action, told.pruned), (Action::Prune, Some(after.anchor)));
    // What tells of the pruning goes too some day, and then tells of the next one.
    kept.ledger.prune_audit(Moment(99_000), Moment(50_000), &host()).await.unwrap();
    let last = page(&kept).await;
    assert_eq!((last.rows.len(), last.anchor.seq, judged(&last)), (1, 7, Ok(last.head)));
    kept.ledger.tell(Moment(99_001), &deed("and on")).await.unwrap();
    assert_eq!(judged(&page(&kept).await).map(|head| head.seq), Ok(9));
}

/// The clock of a machine may have been wrong for a while.
#[tokio::test]
async fn pruning_stops_at_the_first_entry_that_is_young_enough() {
    let kept = Kept::new().await;
    for at in [1_000, 9_000, 2_000] {
        kept.ledger.tell(Moment(at), &deed("x")).await.unwrap();
    }
    kept.ledger.prune_audit(Moment(9_500), Moment(5_000), &host()).await.unwrap();
    assert_eq!(page(&kept).await.rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 3, 4]);
}

#[tokio::test]
async fn another_build_is_on_record_once() {
    let kept = Kept::new().await;
    let build = |build: &str| Build { version: "0.1.0".into(), build: build.into() };
    for (at, name) in [(1, "a"), (2, "a"), (3, "b"), (4, "b"), (5, "a")] {
        kept.ledger.take_over(Moment(at), &build(name), &host()).await.unwrap();
    }
    assert_eq!(kept.ledger.builds().await.unwrap(), [build("a"), build("b"), build("a")]);
    let notes: Vec<String> = entries(&page(&kept).await).into_iter().map(|entry| entry.deed.note.unwrap()).collect();
    let named = |name: &str| format!("version 0.1.0 (build {name})");
    assert_eq!(
        notes,
        [format!("{} serves first", named("a")), format!("{} after {}", named("b"), named("a")), format!("{} after {}", named("a"), named("b"))]
    );
}

/// A ledger as version 1 of its tables had it, with a deployment that was open then.
#[tokio::test]
async fn an_older_ledger_gets_the_log_and_keeps_the_rest() {
    let kept = Kept::new().await;
    kept.ledger.begin(&begun("d-1", "dev")).await.unwrap();
    let as_before = "DROP TABLE audit; DROP TABLE audit_ends; DROP TABLE served_by; DROP TABLE asked; DROP TABLE approvals; PRAGMA user_version = 1";
    run(&kept, &["audit_ends_stay", "audit_ends_go_forward"].map(|name| format!("DROP TRIGGER {name};")).concat()).await.unwrap();
    run(&kept, as_before).await.unwrap();
    let kept = kept.reopened().await;
    let version: u32 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&kept.ledger.pool).await.unwrap();
    assert_eq!((version, page(&kept).await.rows.len()), (3, 0));
    assert_eq!(kept.ledger.deployment(&id("d-1")).await.unwrap(), Some(begun("d-1", "dev")));
    let closed = Change::Told(Box::new(deed("the first")));
    kept.ledger.append(&id("d-1"), Moment(2_000), &Event::Sealed, &[closed]).await.unwrap();
    let told = page(&kept).await;
    assert_eq!((told.rows.len(), judged(&told)), (1, Ok(told.head)));
    assert!(SqliteLedger::open(&kept.path()).await.is_ok(), "it is not migrated twice");
}
