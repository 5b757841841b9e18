//! The migrations of a project's databases, as its source holds them, and what they would do to a database that is in use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_migration::{Existing, Pair, lint};
use plimsoll_model::database::{DatabaseKind, Migration};
use plimsoll_model::finding::{Finding, Place, Severity};
use plimsoll_model::manifest::project::{Kind, Project};
use plimsoll_model::plan::Observed;
use plimsoll_model::{ComponentName, HostName, RelPath};

use crate::{Event, OpError, Progress, project};

/// The migrations of all databases.
pub(crate) struct Migrations(BTreeMap<ComponentName, Folder>);

/// Those of one of them.
struct Folder {
    engine: DatabaseKind,
    pairs: Vec<Pair>,
}

impl Migrations {
    /// Reads those of the project whose files are below `root`.
    pub(crate) fn read(project: &Project, root: &Path) -> Result<Self, OpError> {
        let mut folders = BTreeMap::new();
        for (name, component) in &project.components {
            if let Kind::Database { engine, .. } = component.kind {
                let pairs = pairs(&component.path, root).map_err(project::invalid)?;
                folders.insert(name.clone(), Folder { engine, pairs });
            }
        }
        Ok(Self(folders))
    }

    /// Those that each database shall have.
    pub(crate) fn wanted(&self) -> BTreeMap<ComponentName, Vec<Migration>> {
        let wanted = |folder: &Folder| folder.pairs.iter().map(|pair| pair.migration.clone()).collect();
        self.0.iter().map(|(name, folder)| (name.clone(), wanted(folder))).collect()
    }

    /// What those that hosts do not have yet would do to databases that are in use.
    pub(crate) fn judge(&self, seen: &BTreeMap<HostName, Observed>) -> Vec<Finding> {
        let of = |(name, folder): (&ComponentName, &Folder)| {
            let applied = seen.values().find_map(|seen| seen.databases.get(name)).into_iter().flatten();
            let applied: BTreeSet<i64> = applied.map(|applied| applied.version).collect();
            lint(folder.engine, &folder.pairs, Existing::Applied(&applied))
        };
        self.0.iter().flat_map(of).collect()
    }
}

/// Says what was found.
pub(crate) fn tell(findings: &[Finding], progress: &Progress) {
    for Finding { place, code, message, help, .. } in findings {
        let place = place.as_ref().map(|Place { file, line, .. }| format!("{file}:{line}: ")).unwrap_or_default();
        let help = help.as_ref().map(|help| format!(" (help: {help})")).unwrap_or_default();
        drop(progress.send(Event::Notice { message: format!("{place}{message} [{code}]{help}") }));
    }
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
