//! Backups of databases: what is known of each, and which are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::copy::Copied;
use crate::database::{Applied, DatabaseSpec, Migration};
use crate::deployment::Failure;
use crate::time::Moment;
use crate::{BackupId, ComponentName, ConfigHash, DeploymentId, Digest, EnvironmentKey, ReleaseId};

/// What an environment wants of the backups of its databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BackupPolicy {
    /// Whether a deployment that migrates backs up first.
    pub before_migrations: bool,
    /// How many of each database are kept.
    pub keep: u32,
    /// How often the host takes one by itself, in milliseconds; never when absent.
    pub every_ms: Option<u64>,
    /// How old the last verified one may be, in milliseconds; any age when absent.
    pub max_age_ms: Option<u64>,
}

/// When a host backs a database up by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Schedule {
    /// As soon as the last backup is so old, in milliseconds.
    pub every_ms: u64,
    /// How many backups of it are kept.
    pub keep: u32,
}

impl BackupPolicy {
    /// What it asks of hosts.
    #[must_use]
    pub fn schedule(&self) -> Option<Schedule> {
        self.every_ms.map(|every_ms| Schedule { every_ms, keep: self.keep })
    }

    /// Whether one that was taken `at` that time is older than the last one may be.
    #[must_use]
    pub fn is_old(&self, at: Moment, now: Moment) -> bool {
        self.max_age_ms.is_some_and(|max_age_ms| now.since(at) > max_age_ms)
    }
}

/// A backup of one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Backup {
    /// Its name, the same for all databases that were backed up at once.
    pub id: BackupId,
    /// The database.
    pub database: ComponentName,
    /// What it holds; nothing when that cannot be read.
    #[serde(flatten)]
    pub content: Option<Content>,
    /// When it was verified: restored into a scratch database, with every table as it was. One that never was does not count.
    pub verified_at: Option<Moment>,
    /// Why it is of no use.
    pub trouble: Option<Failure>,
    /// When and where to it was copied last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied: Option<Copied>,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// When it was taken.
    pub at: Moment,
    /// Size of its data as it lies there, in bytes.
    pub bytes: u64,
    /// Each table of it.
    pub tables: Tables,
    /// The migrations that the database had.
    pub applied: Vec<Applied>,
    /// What served then.
    pub origin: Option<Origin>,
}

impl Content {
    /// Whether a database with this data has the migrations that `spec` wants, and no others.
    #[must_use]
    pub fn suits(&self, database: &ComponentName, spec: &DatabaseSpec) -> bool {
        let is_same = |(applied, wanted): (&Applied, &Migration)| applied.whole && applied.version == wanted.version && applied.checksum == wanted.up;
        let files = self.origin.as_ref().and_then(|origin| origin.files.get(database));
        files == spec.own.as_ref().map(|own| &own.files.content)
            && self.applied.len() == spec.migrations.len()
            && self.applied.iter().zip(&spec.migrations).all(is_same)
    }
}

/// What served when a backup was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// The environment.
    #[serde(flatten)]
    pub key: EnvironmentKey,
    /// The deployment that had brought it live.
    pub deployment: Option<DeploymentId>,
    /// The version of its source.
    pub version: Option<String>,
    /// The commit that it was made from.
    pub commit: Option<String>,
    /// The release of each component.
    pub releases: BTreeMap<ComponentName, ReleaseId>,
    /// How each was configured.
    pub configs: BTreeMap<ComponentName, ConfigHash>,
    /// The content of the migrations of each database that a tool of the project's own migrates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<ComponentName, Digest>,
}

/// A table, summed up. Two tables with the same rows in another order have the same sum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableSum {
    /// How many rows it has.
    pub rows: u64,
    /// Of their content.
    pub hash: Digest,
}

/// Tables by their names, as their database writes them.
pub type Tables = BTreeMap<String, TableSum>;

/// One way in which tables are not what they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// A table did not come back.
    Missing {
        /// Which.
        table: String,
    },
    /// A table came that was not there.
    Surplus {
        /// Which.
        table: String,
    },
    /// A table has another number of rows.
    Rows {
        /// Which.
        table: String,
        /// How many it had.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// A table has as many rows, and not the same.
    Content {
        /// Which.
        table: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { table } => write!(f, "table {table} is missing"),
            Self::Surplus { table } => write!(f, "table {table} was not there"),
            Self::Rows { table, expected, found } => write!(f, "table {table} has {found} rows instead of {expected}"),
            Self::Content { table } => write!(f, "table {table} has other content"),
        }
    }
}

/// Each difference, in the order of the tables' names.
#[must_use]
pub fn differences(expected: &Tables, found: &Tables) -> Vec<Difference> {
    let lost = expected.iter().filter_map(|(table, sum)| difference(table, sum, found.get(table)));
    let surplus = found.keys().filter(|table| !expected.contains_key(*table)).map(|table| Difference::Surplus { table: table.clone() });
    lost.chain(surplus).collect()
}

fn difference(table: &str, expected: &TableSum, found: Option<&TableSum>) -> Option<Difference> {
    let table = table.to_owned();
    match found {
        None => Some(Difference::Missing { table }),
        Some(found) if found.rows != expected.rows => Some(Difference::Rows { table, expected: expected.rows, found: found.rows }),
        Some(found) => (found.hash != expected.hash).then_some(Difference::Content { table }),
    }
}

/// Those of one database that nothing keeps: all but the newest `keep`, and never the newest one that was verified.
#[must_use]
pub fn outdated(backups: &[Backup], keep: u32) -> BTreeSet<BackupId> {
    let mut newest: Vec<&Backup> = backups.iter().collect();
    newest.sort_by(|one, other| other.id.cmp(&one.id));
    let verified = newest.iter().position(|backup| backup.counts());
    let kept = |place: usize| place < keep as usize || Some(place) == verified;
    newest.iter().enumerate().filter(|(place, _)| !kept(*place)).map(|(_, backup)| backup.id.clone()).collect()
}

impl Backup {
    /// Whether it may be relied on.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.verified_at.is_some() && self.trouble.is_none() && self.content.is_some()
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

    /// Backups from the oldest to the newest: `v` was verified, `d` was and is damaged, any other letter never was.
    fn backups(kinds: &str) -> Vec<Backup> {
        let content = Content { at: Moment(0), bytes: 0, tables: Tables::new(), applied: Vec::new(), origin: None };
        let backup = |(number, kind)| Backup {
            id: BackupId::new(format!("b{number}")).unwrap(),
            database: ComponentName::new("data").unwrap(),
            content: Some(content.clone()),
            verified_at: matches!(kind, 'v' | 'd').then_some(Moment(0)),
            trouble: (kind == 'd').then(|| Failure::new("backup-damaged", "it is not what was written")),
            copied: None,
        };
        kinds.chars().enumerate().map(backup).collect()
    }

    #[test]
    fn the_newest_are_kept_and_the_last_verified_one_always() {
        let check = |kinds: &str, keep: u32, expect: &[&str]| {
            let gone = outdated(&backups(kinds), keep);
            assert_eq!(gone.iter().map(BackupId::as_str).collect::<Vec<_>>(), expect, "{kinds}");
        };
        check("vvvv", 2, &["b0", "b1"]);
        check("vvxx", 2, &["b0"]);
        check("vvdd", 2, &["b0"]);
        check("xxxx", 3, &["b0"]);
        check("v", 0, &[]);
        check("vv", 5, &[]);
    }
}
