//! A migration's files, as text that can be run.

use plimsoll_model::database::{Checksum, Direction, Migration};
use sha2::{Digest, Sha384};

/// What a file begins with that is not to be run in a transaction, as sqlx has it.
const NO_TRANSACTION: &str = "-- no-transaction";

/// The SQL that leads a database in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// Its file, as it is to be shown: with the folder.
    pub file: String,
    /// Which way it leads.
    pub direction: Direction,
    /// All of its text.
    pub sql: String,
    /// Whether it runs in a transaction, together with the record that it ran.
    pub transactional: bool,
}

/// A migration with its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What it is called, and the checksums of its files.
    pub migration: Migration,
    /// What applies it.
    pub up: Script,
    /// What undoes it, where there is such a file.
    pub down: Option<Script>,
}

impl Script {
    /// The script that `file` holds.
    #[must_use]
    pub fn new(file: impl Into<String>, direction: Direction, sql: impl Into<String>) -> Self {
        let sql = sql.into();
        Self { file: file.into(), direction, transactional: !sql.starts_with(NO_TRANSACTION), sql }
    }

    /// SHA-384 of its text, byte by byte: what sqlx records of it.
    #[must_use]
    pub fn checksum(&self) -> Checksum {
        Checksum(Sha384::digest(&self.sql).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl Pair {
    /// A migration of these scripts.
    #[must_use]
    pub fn new(version: i64, name: impl Into<String>, up: Script, down: Option<Script>) -> Self {
        let migration = Migration { version, name: name.into(), up: up.checksum(), down: down.as_ref().map(Script::checksum) };
        Self { migration, up, down }
    }

    /// What leads in this direction, where there is such a file.
    #[must_use]
    pub fn script(&self, direction: Direction) -> Option<&Script> {
        match direction {
            Direction::Up => Some(&self.up),
            Direction::Down => self.down.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_keeps_a_script_out_of_a_transaction() {
        let cases = [
            ("-- no-transaction\nVACUUM;", false),
            ("-- no-transaction because of the index\nVACUUM;", false),
            ("\n-- no-transaction\nVACUUM;", true),
            ("VACUUM;", true),
        ];
        for (sql, transactional) in cases {
            assert_eq!(Script::new("1_a.up.sql", Direction::Up, sql).transactional, transactional, "{sql}");
        }
    }

    #[test]
    fn the_checksum_is_sha_384_of_the_bytes() {
        let script = Script::new("1_a.up.sql", Direction::Up, "abc");
        let known = "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7";
        assert_eq!(script.checksum().0, known);
        assert_ne!(Script::new("1_a.up.sql", Direction::Up, "abc\n").checksum().0, known);
    }
}
