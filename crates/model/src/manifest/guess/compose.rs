//! Compose files: recognized, and not available yet.

use super::super::draft::{Folder, Found};

/// Names that a compose file may have.
const NAMES: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

pub(super) fn detect(folder: &Folder<'_>) -> Found {
    match NAMES.iter().find(|name| folder.has(name)) {
        Some(name) => Found::note(format!(
            "{} was left out: containers are not available in this version. What its services run can be written as `run`.",
            folder.spoken(name)
        )),
        None => Found::default(),
    }
}
