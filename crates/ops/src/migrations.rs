//! The migrations of a project's databases, as its source holds them.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_migration::Pair;
use plimsoll_model::database::Migration;
use plimsoll_model::finding::{Finding, Severity};
use plimsoll_model::manifest::project::{Component, Kind, Project};
use plimsoll_model::{ComponentName, RelPath};

use crate::{OpError, project};

/// The migrations of each database of the project whose files are below `root`.
pub(crate) fn read(project: &Project, root: &Path) -> Result<BTreeMap<ComponentName, Vec<Migration>>, OpError> {
    let databases = project.components.iter().filter(|(_, component)| matches!(component.kind, Kind::Database { .. }));
    let read = |(name, component): (&ComponentName, &Component)| {
        let pairs = pairs(&component.path, root).map_err(project::invalid)?;
        Ok((name.clone(), pairs.into_iter().map(|pair| pair.migration).collect()))
    };
    databases.map(read).collect()
}

/// The migrations of a folder, with their files.
pub(crate) fn pairs(folder: &RelPath, root: &Path) -> Result<Vec<Pair>, Vec<Finding>> {
    let unreadable = |error: std::io::Error| {
        let message = format!("the migrations in {folder} cannot be read: {error}");
        let help = Some("look at the permissions of the folder and its files".into());
        vec![Finding { severity: Severity::Error, code: "migrations-unreadable".into(), place: None, message, help }]
    };
    let files = plimsoll_migration::load(&folder.under(root)).map_err(unreadable)?;
    plimsoll_migration::read(folder.as_str(), &files)
}
