//! What can be asked about the schemas of databases.

use plimsoll_model::{ComponentName, EnvironmentKey};
use serde::{Deserialize, Serialize};

/// A question about the schemas of an environment's databases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaQuery {
    /// The environment.
    pub key: EnvironmentKey,
    /// Only this database.
    pub database: Option<ComponentName>,
}
