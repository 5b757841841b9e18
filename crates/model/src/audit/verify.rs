//! Whether a chain is whole, and if not, where it breaks and how.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Action, Mark, Row};
use crate::Digest;

/// The first place at which a chain is not what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error, JsonSchema)]
pub struct Break {
    /// The first row that it is about.
    pub first: u64,
    /// The last row that it is about.
    pub last: u64,
    /// What happened there.
    pub flaw: Flaw,
}

/// What happened to rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// The row does not say what it said when it was written.
    Changed,
    /// The rows are gone.
    Deleted,
    /// The rows were put in later.
    Inserted,
    /// The row stands where another one stood.
    Reordered,
    /// The rows at the end are gone.
    CutOff,
    /// The rows at the beginning are gone, and no entry says that they were pruned.
    NotPruned,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Break { first, last, .. } = self;
        let rows = if first == last { format!("row {first}") } else { format!("rows {first} to {last}") };
        let (is, was) = if first == last { ("is", "was") } else { ("are", "were") };
        match self.flaw {
            Flaw::Changed => write!(f, "{rows} {was} changed"),
            Flaw::Deleted => write!(f, "{rows} {was} deleted"),
            Flaw::Inserted => write!(f, "{rows} {was} inserted later"),
            Flaw::Reordered => write!(f, "{rows} {is} not in the place of old"),
            Flaw::CutOff => write!(f, "{rows} {was} cut off at the end"),
            Flaw::NotPruned => write!(f, "{rows} {is} gone, and no entry says that they were pruned"),
        }
    }
}

/// Judges the rows behind `anchor`: none of them changed, deleted, inserted or moved, and `head`, noted then or earlier, is among them.
/// Answers the last.
///
/// # Errors
/// The first break. A row that was written anew together with its hash shows in the row behind it; the last one shows only by a `head`.
pub fn verify(anchor: &Mark, rows: &[Row], head: Option<&Mark>) -> Result<Mark, Break> {
    let places: HashMap<Digest, u64> = rows.iter().map(|row| (row.hash, row.seq)).chain([(anchor.hash, anchor.seq)]).collect();
    let mut last = *anchor;
    for row in rows {
        judge(&last, row, &places)?;
        last = row.mark();
    }
    match head {
        Some(head) => judge_head(anchor, rows, &last, head).map(|()| last),
        None => Ok(last),
    }
}

/// Judges a log as it lies in a ledger, with the head that was recorded beside it: [`verify`] and [`attest`], and nothing behind the head.
///
/// # Errors
/// The first break.
pub fn verify_whole(anchor: &Mark, rows: &[Row], head: &Mark) -> Result<Mark, Break> {
    let last = verify(anchor, rows, Some(head))?;
    attest(anchor, rows)?;
    match last.seq > head.seq {
        true => Err(Break { first: head.seq + 1, last: last.seq, flaw: Flaw::Inserted }),
        false => Ok(last),
    }
}

/// Judges that what is missing before `anchor` was pruned on the record.
///
/// # Errors
/// [`Flaw::NotPruned`].
pub fn attest(anchor: &Mark, rows: &[Row]) -> Result<(), Break> {
    let tells = |row: &Row| row.read().is_some_and(|entry| entry.deed.action == Action::Prune && entry.deed.pruned == Some(*anchor));
    match *anchor == Mark::START || rows.iter().any(tells) {
        true => Ok(()),
        false => Err(Break { first: 1, last: anchor.seq, flaw: Flaw::NotPruned }),
    }
}

fn judge(last: &Mark, row: &Row, places: &HashMap<Digest, u64>) -> Result<(), Break> {
    let broken = |first: u64, last: u64, flaw: Flaw| Err(Break { first, last, flaw });
    if !row.is_itself() {
        return broken(row.seq, row.seq, Flaw::Changed);
    }
    if row.previous == last.hash {
        return if last.seq.checked_add(1) == Some(row.seq) { Ok(()) } else { broken(row.seq, row.seq, Flaw::Changed) };
    }
    match places.get(&row.previous) {
        // Its true predecessor stands further up, so what is between them was not there.
        Some(place) if *place < last.seq => broken(place + 1, last.seq, Flaw::Inserted),
        Some(_) => broken(row.seq, row.seq, Flaw::Reordered),
        None if row.seq > last.seq.saturating_add(1) => broken(last.seq + 1, row.seq - 1, Flaw::Deleted),
        // Its predecessor is not what it was: written anew with a hash that fits, or gone and the numbers closed up.
        None => broken(last.seq, last.seq, Flaw::Changed),
    }
}

fn judge_head(anchor: &Mark, rows: &[Row], last: &Mark, head: &Mark) -> Result<(), Break> {
    if head.seq > last.seq {
        return Err(Break { first: last.seq + 1, last: head.seq, flaw: Flaw::CutOff });
    }
    let there = rows.iter().map(Row::mark).chain([*anchor]).find(|mark| mark.seq == head.seq);
    match there {
        Some(mark) if mark.hash != head.hash => Err(Break { first: head.seq, last: head.seq, flaw: Flaw::Changed }),
        // A head from before the anchor tells nothing of the rows that are left.
        _ => Ok(()),
    }
}
