//! Judges the manifest and the folders that it names, for every environment.

use plimsoll_model::finding::Finding;
use plimsoll_model::{ComponentName, EnvironmentName};
use serde::{Deserialize, Serialize};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// A manifest that can be used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// Warnings and notes; errors fail the operation with code `manifest-invalid`.
    pub findings: Vec<Finding>,
    /// The project's components.
    pub components: Vec<ComponentName>,
    /// Its environments, `local` among them.
    pub environments: Vec<EnvironmentName>,
}
