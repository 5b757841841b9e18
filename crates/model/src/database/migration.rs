//! Migrations: what leads a schema from one form to the next, and which of them a database has.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// SHA-384 of a migration's SQL, in lower-case hex: what sqlx's table `_sqlx_migrations` holds of each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Checksum(pub String);

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A migration as its files say: `NAME.up.sql` and, where it can be undone, `NAME.down.sql`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Migration {
    /// The number at the beginning of its name. Migrations are applied in its order.
    pub version: i64,
    /// Its name, which its files share: `0003_add_email`.
    pub name: String,
    /// Of the file that applies it.
    pub up: Checksum,
    /// Of the file that undoes it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Checksum>,
}

impl Migration {
    /// What sqlx records it as: its name without the version, with spaces for `_`.
    #[must_use]
    pub fn description(&self) -> String {
        self.name.split_once('_').map_or(self.name.as_str(), |(_, rest)| rest).replace('_', " ")
    }

    /// The file that leads in this direction, within the folder of migrations.
    #[must_use]
    pub fn file(&self, direction: Direction) -> String {
        format!("{}.{direction}.sql", self.name)
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A migration that a database has, by what it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// Its version.
    pub version: i64,
    /// What it was called, without the number and with spaces for `_`.
    pub description: String,
    /// Of what was applied.
    pub checksum: Checksum,
    /// Whether it was applied to its end. Only a database that cannot take changes to a schema back keeps one that was not.
    pub whole: bool,
}

/// Which way a migration is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It is applied.
    Up,
    /// It is undone.
    Down,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
        })
    }
}
