//! What tables have, summed up, and how two such sums differ.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_model::Digest;
use serde::{Deserialize, Serialize};

/// A table, summed up. Two tables with the same rows in another order have the same sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSum {
    /// How many rows it has.
    pub rows: u64,
    /// Of their content.
    pub hash: Digest,
}

/// Tables by their names, as their database writes them.
pub type Tables = BTreeMap<String, TableSum>;

/// One way in which what was restored is not what was backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// A table did not come back.
    Missing(String),
    /// A table came that was not there.
    Surplus(String),
    /// A table has another number of rows.
    Rows {
        /// Which.
        table: String,
        /// How many it had.
        expected: u64,
        /// How many came back.
        found: u64,
    },
    /// A table has as many rows, and not the same.
    Content(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(table) => write!(f, "table {table} is missing"),
            Self::Surplus(table) => write!(f, "table {table} was not there"),
            Self::Rows { table, expected, found } => write!(f, "table {table} has {found} rows instead of {expected}"),
            Self::Content(table) => write!(f, "table {table} has other content"),
        }
    }
}

/// Each difference, in the order of the tables' names.
pub(super) fn differences(expected: &Tables, found: &Tables) -> Vec<Difference> {
    let lost = expected.iter().filter_map(|(table, sum)| difference(table, sum, found.get(table)));
    let surplus = found.keys().filter(|table| !expected.contains_key(*table)).cloned().map(Difference::Surplus);
    lost.chain(surplus).collect()
}

fn difference(table: &str, expected: &TableSum, found: Option<&TableSum>) -> Option<Difference> {
    let table = table.to_owned();
    match found {
        None => Some(Difference::Missing(table)),
        Some(found) if found.rows != expected.rows => Some(Difference::Rows { table, expected: expected.rows, found: found.rows }),
        Some(found) => (found.hash != expected.hash).then_some(Difference::Content(table)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_told() {
        let tables = |sums: &[(&str, u64, &str)]| -> Tables {
            sums.iter().map(|(name, rows, text)| ((*name).to_owned(), TableSum { rows: *rows, hash: Digest::of(text.as_bytes()) })).collect()
        };
        let expected = tables(&[("a", 1, "x"), ("b", 1, "x"), ("c", 1, "x"), ("d", 1, "x")]);
        let found = tables(&[("a", 1, "x"), ("b", 2, "y"), ("c", 1, "y"), ("e", 0, "")]);
        let told: Vec<String> = differences(&expected, &found).iter().map(Difference::to_string).collect();
        assert_eq!(told, ["table b has 2 rows instead of 1", "table c has other content", "table d is missing", "table e was not there"]);
        assert_eq!(differences(&expected, &expected), []);
    }
}
