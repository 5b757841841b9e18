//! Where a database is, and what its schema shall be.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DatabaseKind, Migration, Own};
use crate::backup::Schedule;
use crate::copy::CopySpec;
use crate::{ComponentName, Digest, RelPath};

/// A database as a host has to know it, but for the values of its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct DatabaseSpec {
    /// What it is.
    pub engine: DatabaseKind,
    /// Where it is.
    pub location: Location,
    /// The secrets of its location, each with a hash that tells whether the value changed and nothing else.
    pub secrets: BTreeMap<String, Digest>,
    /// The migrations that it shall have, in their order: those that its release holds. None, where the project's own tool applies them.
    pub migrations: Vec<Migration>,
    /// Nothing may write while they are applied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exclusive: bool,
    /// The project's own tool that applies them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<Box<Own>>,
    /// When its host backs it up by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// What is wanted of copies of its backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopySpec>,
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "at", rename_all = "snake_case")]
pub enum Location {
    /// A file that a component has among what its releases share.
    File {
        /// The component.
        component: ComponentName,
        /// The file, relative to the component's release.
        path: RelPath,
    },
    /// A server.
    Server {
        /// The secret that holds its URL, such as `postgres://shop@db.example/shop`.
        url: String,
        /// The user of the host as whom it is asked; nobody's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
}

impl Location {
    /// The secret that it needs.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        if let Self::Server { url, .. } = self { Some(url) } else { None }
    }
}
