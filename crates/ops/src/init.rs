//! Writes a manifest for a project that has none.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Nothing to say beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {}

/// The manifest that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Where it lies.
    pub path: PathBuf,
    /// What is in it.
    pub text: String,
    /// What a person should look at or fill in.
    pub notes: Vec<String>,
}
