//! The audit log, in and out.

use plimsoll_api::{AuditPage, AuditQuery};
use plimsoll_model::Digest;
use plimsoll_model::audit::{Action, Actor, Deed, Ending, Entry, Mark, Row as AuditRow};
use plimsoll_model::time::Moment;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::fault::Fault;
use crate::ledger::Build;

/// How many rows are looked through at a time.
const PAGE: u32 = 500;

/// Adds an entry at the end.
pub(super) async fn tell(db: &mut SqliteConnection, at: Moment, deed: &Deed) -> Result<(), Fault> {
    let row = end(db, "head").await?.next(&Entry { at, deed: deed.clone() });
    let insert = sqlx::query("INSERT INTO audit (seq, previous, hash, entry) VALUES (?, ?, ?, ?)");
    let insert = insert.bind(number(row.seq)).bind(&row.previous.as_bytes()[..]).bind(&row.hash.as_bytes()[..]).bind(row.entry);
    insert.execute(db).await?;
    Ok(())
}

/// Puts on record that the daemon is of another build than the one that served last.
pub(super) async fn take_over(db: &mut SqliteConnection, at: Moment, build: &Build, by: &Actor) -> Result<(), Fault> {
    let last = builds(db).await?.pop();
    if last.as_ref() == Some(build) {
        return Ok(());
    }
    let put = sqlx::query("INSERT INTO served_by (build, version) VALUES (?, ?)");
    put.bind(&build.build).bind(&build.version).execute(&mut *db).await?;
    let note = last.map_or_else(|| format!("{build} serves first"), |last| format!("{build} after {last}"));
    tell(db, at, &Deed { note: Some(note), ..Deed::new(by.clone(), Action::HostUpgrade, Ending::Done) }).await
}

/// The builds of the daemon that have served, the last one last.
pub(super) async fn builds(db: &mut SqliteConnection) -> Result<Vec<Build>, Fault> {
    let rows: Vec<(String, String)> = sqlx::query_as("SELECT version, build FROM served_by ORDER BY seq").fetch_all(db).await?;
    Ok(rows.into_iter().map(|(version, build)| Build { version, build }).collect())
}

/// Takes the oldest entries away, up to the first that is not older than `keep_from` or cannot be read, and puts that on record.
pub(super) async fn prune(db: &mut SqliteConnection, at: Moment, keep_from: Moment, by: &Actor) -> Result<(), Fault> {
    let mut last = None;
    let mut after = 0;
    'old: loop {
        let page = rows(db, after, PAGE).await?;
        for row in &page {
            match row.read() {
                Some(entry) if entry.at < keep_from => last = Some(row.mark()),
                _ => break 'old,
            }
        }
        match page.last() {
            Some(row) => after = row.seq,
            None => break,
        }
    }
    match last {
        Some(last) => cut(db, at, last, by).await,
        None => Ok(()),
    }
}

async fn cut(db: &mut SqliteConnection, at: Moment, last: Mark, by: &Actor) -> Result<(), Fault> {
    let note = Some(format!("rows up to {} were older than they have to be kept", last.seq));
    tell(db, at, &Deed { note, pruned: Some(last), ..Deed::new(by.clone(), Action::Prune, Ending::Done) }).await?;
    let anchor = sqlx::query("UPDATE audit_ends SET seq = ?, hash = ? WHERE end = 'anchor'");
    anchor.bind(number(last.seq)).bind(&last.hash.as_bytes()[..]).execute(&mut *db).await?;
    sqlx::query("DELETE FROM audit WHERE seq <= ?").bind(number(last.seq)).execute(db).await?;
    Ok(())
}

/// The rows that are asked for, the oldest first.
pub(super) async fn page(db: &mut SqliteConnection, query: &AuditQuery) -> Result<AuditPage, Fault> {
    let (anchor, head) = (end(db, "anchor").await?, end(db, "head").await?);
    let rows = match query.after {
        Some(after) => behind(db, query, after).await?,
        None => newest(db, query).await?,
    };
    Ok(AuditPage { anchor, head, rows })
}

async fn behind(db: &mut SqliteConnection, query: &AuditQuery, mut after: u64) -> Result<Vec<AuditRow>, Fault> {
    let mut found = Vec::new();
    loop {
        let page = rows(db, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.seq;
        found.extend(page.into_iter().filter(|row| fits(row, query)));
        if found.len() >= query.limit as usize {
            found.truncate(query.limit as usize);
            return Ok(found);
        }
    }
}

async fn newest(db: &mut SqliteConnection, query: &AuditQuery) -> Result<Vec<AuditRow>, Fault> {
    let mut found = Vec::new();
    let mut before = i64::MAX;
    while found.len() < query.limit as usize {
        let select = sqlx::query("SELECT seq, previous, hash, entry FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?");
        let page = read(&select.bind(before).bind(PAGE).fetch_all(&mut *db).await?)?;
        let Some(last) = page.last() else { break };
        before = number(last.seq);
        found.extend(page.into_iter().filter(|row| fits(row, query)));
    }
    found.truncate(query.limit as usize);
    found.reverse();
    Ok(found)
}

/// A row that cannot be read is told to everyone: it was tampered with.
fn fits(row: &AuditRow, query: &AuditQuery) -> bool {
    let Some(entry) = row.read() else { return true };
    query.since.is_none_or(|since| entry.at >= since) && query.key.as_ref().is_none_or(|key| entry.deed.environment.as_ref() == Some(key))
}

async fn rows(db: &mut SqliteConnection, after: u64, limit: u32) -> Result<Vec<AuditRow>, Fault> {
    let select = sqlx::query("SELECT seq, previous, hash, entry FROM audit WHERE seq > ? ORDER BY seq LIMIT ?");
    read(&select.bind(number(after)).bind(limit).fetch_all(db).await?)
}

fn read(rows: &[SqliteRow]) -> Result<Vec<AuditRow>, Fault> {
    let one = |row: &SqliteRow| {
        Ok(AuditRow {
            seq: unsigned(row.try_get("seq")?),
            previous: hash(row.try_get("previous")?),
            hash: hash(row.try_get("hash")?),
            entry: row.try_get("entry")?,
        })
    };
    rows.iter().map(one).collect()
}

async fn end(db: &mut SqliteConnection, which: &str) -> Result<Mark, Fault> {
    let row = sqlx::query("SELECT seq, hash FROM audit_ends WHERE end = ?").bind(which).fetch_optional(db).await?;
    let row = row.ok_or_else(|| Fault::Unreadable { what: "the audit log", why: format!("its {which} is gone") })?;
    Ok(Mark { seq: unsigned(row.try_get("seq")?), hash: hash(row.try_get("hash")?) })
}

/// What is no hash any more fits to nothing.
fn hash(bytes: &[u8]) -> Digest {
    <[u8; 32]>::try_from(bytes).map_or_else(|_| Digest::of(bytes), Digest::from)
}

/// SQLite's numbers are signed; rows are counted from 1.
fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn unsigned(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}
