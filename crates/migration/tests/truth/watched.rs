//! What was seen of a migration, and which harm that is.

use plimsoll_migration::Harm;

/// What was seen.
#[derive(Debug, Default)]
pub struct Watched {
    /// Why it did not run to its end.
    pub failed: Option<String>,
    /// Whether something of it stays when a later statement fails.
    pub half: bool,
    /// While it ran, by table.
    pub tables: Vec<Seen>,
    /// Tables or indexes that lie in other files than before.
    pub rewritten: Vec<String>,
    /// Statements of the program of before that fail afterwards, and why.
    pub broken: Vec<String>,
    /// Tables of which the program of before reads less than it did, or something else.
    pub lost: usize,
    /// Whether all is as it was when it was undone.
    pub undone: bool,
}

/// A table while the migration was not finished.
#[derive(Debug)]
pub struct Seen {
    /// What it is called.
    #[expect(dead_code, reason = "it is shown when a test fails")]
    pub table: &'static str,
    /// The locks that the migration holds on it.
    #[expect(dead_code, reason = "it is shown when a test fails")]
    pub locks: String,
    /// Others wait who want to read.
    pub readers_wait: bool,
    /// Others wait who want to write.
    pub writers_wait: bool,
    /// How many rows of it the migration has read.
    pub read: i64,
}

/// Whether this harm was done.
pub fn does(harm: Harm, watched: &Watched) -> bool {
    let any = |seen: fn(&Seen) -> bool| watched.tables.iter().filter(|table| seen(table)).count();
    match harm {
        Harm::BreaksServing => watched.failed.is_none() && !watched.broken.is_empty(),
        Harm::Fails => watched.failed.is_some(),
        Harm::BlocksWriters => any(|table| table.writers_wait && table.read > 0) > 0,
        Harm::BlocksReaders => any(|table| table.readers_wait && table.read > 0) > 0,
        Harm::Rewrites => !watched.rewritten.is_empty() && any(|table| table.writers_wait) > 0,
        Harm::HoldsTable => any(|table| table.writers_wait) > 0,
        Harm::HoldsTables => any(|table| table.readers_wait) > 1,
        Harm::LeavesHalf => watched.half,
        Harm::LosesRows => watched.lost > 0,
        Harm::CannotBeUndone => watched.failed.is_none() && !watched.undone,
    }
}
