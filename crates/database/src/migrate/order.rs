//! What is to be done with one migration, and whether it is.

use std::borrow::Cow;

use plimsoll_model::database::{Applied, Checksum, DatabaseKind, Direction};
use sqlx::migrate::{MigrateError, Migration, MigrationType};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::history::hex;
use super::{Script, Step};
use crate::fault::Fault;
use crate::judge;

/// What the book holds of a script.
pub(crate) fn checksum(script: &Script) -> Checksum {
    hex(&Order::up(DatabaseKind::Sqlite, script).migration.checksum)
}

/// A migration to be run in one direction.
pub(crate) struct Order {
    pub(crate) kind: DatabaseKind,
    direction: Direction,
    migration: Migration,
}

impl Order {
    pub(crate) fn up(kind: DatabaseKind, script: &Script) -> Self {
        let migration = migration(script.version, &script.description, MigrationType::ReversibleUp, &script.up, script.transactional);
        Self { kind, direction: Direction::Up, migration }
    }

    pub(crate) fn down(kind: DatabaseKind, version: i64, sql: &str, transactional: bool) -> Self {
        Self { kind, direction: Direction::Down, migration: migration(version, "", MigrationType::ReversibleDown, sql, transactional) }
    }

    pub(crate) fn step(&self) -> Step {
        Step { version: self.migration.version, direction: self.direction }
    }

    pub(crate) fn migration(&self) -> &Migration {
        &self.migration
    }

    pub(crate) fn sql(&self) -> &str {
        self.migration.sql.as_str()
    }

    pub(crate) fn is_transactional(&self) -> bool {
        !self.migration.no_tx
    }

    /// Whether parts of it stay when it fails, without a row that tells.
    fn stays(&self) -> bool {
        self.kind.is_transactional() && self.migration.no_tx
    }

    /// What it means that it failed.
    pub(crate) fn judged(&self, error: &MigrateError) -> Fault {
        judge::script(self.kind, error, self.sql(), self.stays())
    }

    /// Whether it is still to be done, by what the database has.
    pub(crate) fn is_due(&self, rows: &[Applied]) -> Result<bool, Fault> {
        let row = rows.iter().find(|row| row.version == self.migration.version);
        match (self.direction, row) {
            (Direction::Up, None) | (Direction::Down, Some(_)) => Ok(true),
            (Direction::Down, None) => Ok(false),
            (Direction::Up, Some(row)) if !row.whole => Err(Fault::Half(String::new())),
            (Direction::Up, Some(row)) if row.checksum == hex(&self.migration.checksum) => Ok(false),
            (Direction::Up, Some(_)) => Err(Fault::Changed),
        }
    }
}

fn migration(version: i64, description: &str, kind: MigrationType, sql: &str, transactional: bool) -> Migration {
    // The SQL is the user's own, out of a file of the release.
    let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
    Migration::new(version, Cow::Owned(description.to_owned()), kind, sql, !transactional)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sql: &str, whole: bool) -> Applied {
        let order = Order::down(DatabaseKind::Sqlite, 1, sql, true);
        Applied { version: 1, description: String::new(), checksum: hex(&order.migration.checksum), whole }
    }

    #[test]
    fn what_is_due_follows_from_what_there_is() {
        let script = Script { version: 1, description: "one".into(), up: "SELECT 1".into(), transactional: true };
        let (up, down) = (Order::up(DatabaseKind::Sqlite, &script), Order::down(DatabaseKind::Sqlite, 1, "SELECT 2", true));
        let other = Applied { version: 2, checksum: Checksum("00".into()), ..row("SELECT 1", true) };
        let cases = [
            (vec![], Ok(true), Ok(false)),
            (vec![other], Ok(true), Ok(false)),
            (vec![row("SELECT 1", true)], Ok(false), Ok(true)),
            (vec![row("SELECT 9", true)], Err(Fault::Changed), Ok(true)),
            (vec![row("SELECT 1", false)], Err(Fault::Half(String::new())), Ok(true)),
        ];
        for (rows, is_up, is_down) in cases {
            assert_eq!((up.is_due(&rows), down.is_due(&rows)), (is_up, is_down), "{rows:?}");
        }
    }

    #[test]
    fn a_checksum_is_sha_384_of_the_text() {
        // printf 'SELECT 1' | sha384sum
        let expect = "a87be5ea59a50f1537b8361d62582b67f0f8665b89a1afa8f5f5ccc3ec84e9b8c62649fb92c16783942166f392ecc20e";
        assert_eq!(row("SELECT 1", true).checksum.to_string(), expect);
    }
}
