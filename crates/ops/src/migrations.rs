//! The migrations of a project's databases, as its source holds them, and what they would do to a database that is in use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_build::name::Contents;
use plimsoll_migration::{Existing, Pair, lint, takes_others};
use plimsoll_model::database::{DatabaseKind, Files, Migration};
use plimsoll_model::finding::{Finding, Place, Severity};
use plimsoll_model::manifest::project::{Kind, OwnTool, Project};
use plimsoll_model::plan::{Observed, Plan, Step, Work};
use plimsoll_model::{ComponentName, HostName, RelPath};

use crate::{Event, Exit, OpError, Progress, project};

/// The migrations of all databases.
pub(crate) struct Migrations(BTreeMap<ComponentName, Folder>);

/// Those of one of them.
struct Folder {
    engine: DatabaseKind,
    /// Nobody uses the database while they are run.
    exclusive: bool,
    pairs: Vec<Pair>,
}

impl Migrations {
    /// Reads those of the project whose files are below `root`.
    pub(crate) fn read(project: &Project, root: &Path) -> Result<Self, OpError> {
        let mut folders = BTreeMap::new();
        for (name, component) in &project.components {
            if let Kind::Database { engine, exclusive, own: None, .. } = component.kind {
                let pairs = pairs(&component.path, root).map_err(project::invalid)?;
                folders.insert(name.clone(), Folder { engine, exclusive, pairs });
            }
        }
        Ok(Self(folders))
    }

    /// Those that each database shall have.
    pub(crate) fn wanted(&self) -> BTreeMap<ComponentName, Vec<Migration>> {
        let wanted = |folder: &Folder| folder.pairs.iter().map(|pair| pair.migration.clone()).collect();
        self.0.iter().map(|(name, folder)| (name.clone(), wanted(folder))).collect()
    }

    /// The files of those that a tool of the project's own applies.
    pub(crate) fn of_tools(project: &Project, contents: &Contents) -> Result<BTreeMap<ComponentName, Files>, OpError> {
        let mut all = BTreeMap::new();
        for (name, component) in &project.components {
            let Kind::Database { own: Some(own), .. } = &component.kind else { continue };
            let files = contents.below(name, &own.folder);
            if files.names.is_empty() {
                return Err(no_files(name, own));
            }
            all.insert(name.clone(), files);
        }
        Ok(all)
    }

    /// What those that hosts do not have yet would do to databases that are in use.
    pub(crate) fn judge(&self, seen: &BTreeMap<HostName, Observed>) -> Vec<Finding> {
        let of = |(name, folder): (&ComponentName, &Folder)| {
            let applied = seen.values().find_map(|seen| seen.databases.get(name)).into_iter().flatten();
            let applied: BTreeSet<i64> = applied.map(|applied| applied.version).collect();
            let found = lint(folder.engine, &folder.pairs, Existing::Applied(&applied));
            let exclusive = folder.exclusive;
            found.into_iter().filter(move |finding| !(exclusive && takes_others(finding)))
        };
        self.0.iter().flat_map(of).collect()
    }
}

/// The databases whose migrations a tool of the project's own is to apply: nobody knows what these would do. That hurts where only what is harmless may
/// be run.
pub(crate) fn unjudged(plan: &Plan, only_safe: bool) -> Vec<Finding> {
    let runs = plan.levels.iter().flat_map(|level| level.hosts.values()).flatten();
    let applies = |work: &&Work| work.steps.prepare.iter().any(|step| matches!(step, Step::RunTool(_)));
    let finding = |work: &Work| Finding {
        severity: if only_safe { Severity::Warning } else { Severity::Note },
        code: "migrations-unjudged".into(),
        place: None,
        message: format!(
            "the migrations of {} are those of a tool of the project's own: what they do to a database in use is not judged",
            work.component
        ),
        help: Some("see for yourself that what serves now can go on with the new schema, and that nothing is locked for long".into()),
    };
    runs.filter(applies).map(finding).collect()
}

fn no_files(database: &ComponentName, own: &OwnTool) -> OpError {
    let OwnTool { tool, folder } = own;
    let message = format!("none of the files that {} is made from lies in {folder}, where the migrations of {database} should be", tool.component);
    let help =
        format!("name their folder as `migrations`; where it is outside of the folder of {}, name it in its `sources` as well", tool.component);
    OpError::new(Exit::Manifest, "migrations-missing", message).with_help(help)
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
