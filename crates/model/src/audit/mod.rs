//! The audit log: who did what, when, from where, why, and how it ended, in rows that are chained by their hashes.
//!
//! A row's hash covers the hash of the row before it and the text of its entry, so that whoever holds the hash of the last row ([`Mark`])
//! can tell whether any row before it was changed, deleted, inserted or moved. [`verify`] says which. Where rows are kept, and for how
//! long, is left to others.

mod chain;
mod deed;
mod line;
#[cfg(test)]
mod tests;
mod verify;

pub use chain::{Mark, MarkError, Row};
pub use deed::{Action, Actor, Deed, Ending, Entry, LEASE_EXPIRED};
pub use line::{FORM, LineError, Title};
pub use verify::{Break, Flaw, attest, verify, verify_whole};

/// How long entries are kept at least, in milliseconds: 90 days.
pub const KEPT_MS: u64 = 90 * 24 * 60 * 60 * 1_000;
