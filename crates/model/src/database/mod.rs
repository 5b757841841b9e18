//! Databases and their migrations, as a manifest, a plan and a host speak of them. How one talks to a database is left to others.

mod migration;
mod own;
mod schema;
mod spec;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use migration::{Applied, Checksum, Direction, Migration};
pub use own::{Files, Own, Tool};
pub use schema::{Change, Compared, Schema};
pub use spec::{DatabaseSpec, Location};

/// What a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseKind {
    /// A file on the host.
    Sqlite,
    /// A `PostgreSQL` server, from version 15 on.
    Postgres,
    /// A `MySQL` or `MariaDB` server.
    Mysql,
}

impl DatabaseKind {
    /// Whether a migration that fails leaves nothing behind: its changes to the schema are in its transaction.
    #[must_use]
    pub fn is_transactional(self) -> bool {
        self != Self::Mysql
    }
}

impl fmt::Display for DatabaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        })
    }
}
