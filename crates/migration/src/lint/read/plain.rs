//! Statements that are read by their words alone, as the parser does not know them, or not all of their forms.

use plimsoll_model::database::DatabaseKind;

use super::name::leading;
use crate::lint::change::Change;

/// Modes of `LOCK TABLE` that let others read and write.
const WEAK_LOCKS: &[&str] = &["ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"];

/// How many words are looked at: more than stand before the first value of an `INSERT` of many rows.
const WORDS: usize = 64;

/// What the statement of these words does, when it is one of those.
pub(super) fn changes(kind: DatabaseKind, words: &[&str]) -> Option<Vec<Change>> {
    let words = &words[..words.len().min(WORDS)];
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let concurrently = upper.contains(&"CONCURRENTLY");
    match upper.as_slice() {
        // Read by its words, as there may be megabytes of values that nobody judges.
        ["INSERT" | "REPLACE", rest @ ..] => {
            let into = rest.iter().take(5).position(|word| *word == "INTO").map_or(0, |at| at + 1);
            Some(vec![Change::Insert { table: leading(kind, &words[1 + into..]) }])
        }
        ["PRAGMA", ..] | ["ROLLBACK", "TO", ..] | ["ROLLBACK", "WORK" | "TRANSACTION", "TO", ..] => Some(Vec::new()),
        ["BEGIN" | "COMMIT" | "END" | "ROLLBACK" | "ABORT", ..] | ["START", "TRANSACTION", ..] => Some(vec![Change::Transaction]),
        ["SET", rest @ ..] if rest.iter().any(|word| word.contains("FOREIGN_KEY_CHECKS")) => {
            Some(vec![Change::CheckKeys { on: !matches!(rest.last(), Some(&("0" | "OFF" | "FALSE"))) }])
        }
        ["REINDEX", ..] => Some(vec![Change::Reindex { concurrently }]),
        ["DROP", "INDEX", "CONCURRENTLY", ..] => Some(vec![Change::DropIndex { concurrently }]),
        ["CLUSTER", rest @ ..] => Some(vec![Change::Rewrite { table: after(kind, words, rest, &["VERBOSE"]), by: "CLUSTER" }]),
        ["VACUUM", rest @ ..] => Some(vacuum(kind, words, rest)),
        ["LOCK", "TABLE" | "TABLES", rest @ ..] => Some(lock(kind, &words[2..], rest)),
        ["LOCK", rest @ ..] => Some(lock(kind, &words[1..], rest)),
        _ => None,
    }
}

/// The table that is named after those of `rest` that are options.
fn after(kind: DatabaseKind, words: &[&str], rest: &[&str], options: &[&str]) -> Option<String> {
    let skipped = match rest {
        ["(", ..] => rest.iter().position(|word| *word == ")")? + 1,
        _ => rest.iter().take_while(|word| options.contains(word)).count(),
    };
    let named = &words[words.len() - rest.len() + skipped..];
    (!named.is_empty()).then(|| leading(kind, named))
}

fn vacuum(kind: DatabaseKind, words: &[&str], rest: &[&str]) -> Vec<Change> {
    let options = ["FULL", "FREEZE", "VERBOSE", "ANALYZE"];
    let table = after(kind, words, rest, &options);
    let is_full = kind == DatabaseKind::Postgres && rest.iter().take_while(|word| **word != ")").any(|word| *word == "FULL");
    if is_full { vec![Change::Rewrite { table, by: "VACUUM FULL" }] } else { Vec::new() }
}

fn lock(kind: DatabaseKind, words: &[&str], upper: &[&str]) -> Vec<Change> {
    let mode = upper.iter().skip_while(|word| **word != "IN").skip(1).take_while(|word| **word != "MODE").copied().collect::<Vec<_>>();
    if WEAK_LOCKS.contains(&mode.join(" ").as_str()) {
        return Vec::new();
    }
    let named = upper.iter().take_while(|word| !["IN", "NOWAIT"].contains(word)).count();
    let tables = words[..named].split(|word| *word == ",").map(|one| match one {
        [only, rest @ ..] if only.eq_ignore_ascii_case("ONLY") => leading(kind, rest),
        one => leading(kind, one),
    });
    vec![Change::Lock { tables: tables.collect() }]
}
