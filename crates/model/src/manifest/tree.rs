//! The project's folder, as far as the manifest's judgement and guesses need it.

use super::document;
use super::project::{Component, Kind, Project};
use super::report::Report;
use super::section::Section;
use super::suggest::{nearest, shown};
use crate::RelPath;
use crate::finding::Finding;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// A project's folder to look at. All paths are relative to it.
///
/// An implementation for a disk follows symbolic links, but only those that [`resolves_inside`](Tree::resolves_inside)
/// allows: of what lies outside it tells nothing, as if it were not there.
pub trait Tree {
    /// What stands at `path`, after symbolic links; none when nothing does.
    fn kind(&self, path: &RelPath) -> Option<EntryKind>;

    /// The text of the file at `path`; none when there is no file, when it is not UTF-8, or when it is larger than a
    /// manifest may be ([`MAX_BYTES`](super::MAX_BYTES)).
    fn read(&self, path: &RelPath) -> Option<String>;

    /// The names in the folder at `path`, in any order; none when it is no folder.
    fn list(&self, path: &RelPath) -> Vec<String>;

    /// Whether `path`, all symbolic links on its way resolved, stays in the project's folder. A path that does not
    /// exist is judged by its part that does.
    fn resolves_inside(&self, path: &RelPath) -> bool;
}

/// What is wrong with the folder of a project that was read from `text`: paths that lead to nothing, or out of it.
#[must_use]
pub fn judge_tree(text: &str, file: &str, project: &Project, tree: &dyn Tree) -> Vec<Finding> {
    let manifest = document::document(text, &mut Report::new(text, file)).manifest;
    let mut report = Report::new(text, file);
    for (name, section) in manifest.sections("components") {
        let component = project.components.iter().find(|(known, _)| known.as_str() == name);
        if let Some((_, component)) = component {
            folder(&component.path, "path", section, tree, &mut report);
            sources(component, section, tree, &mut report);
            site(component, section, tree, &mut report);
        }
    }
    for (name, section) in manifest.sections("databases") {
        if let Some((_, database)) = project.components.iter().find(|(known, _)| known.as_str() == name) {
            let migrations = if let Kind::Database { own: Some(own), .. } = &database.kind { &own.folder } else { &database.path };
            folder(migrations, "migrations", section, tree, &mut report);
        }
    }
    report.into_findings()
}

fn folder(path: &RelPath, key: &str, section: &Section, tree: &dyn Tree, report: &mut Report<'_>) {
    let span = section.entry(key).map_or_else(|| section.span.clone(), |entry| entry.value.clone());
    if !tree.resolves_inside(path) {
        let message = format!("{} is a link that leads out of the project", shown(path.as_str()));
        return report.error("path-leaves-project", &span, message, "move what it leads to into the project");
    }
    match tree.kind(path) {
        Some(EntryKind::Folder) => {}
        Some(EntryKind::File) => {
            let message = format!("{} is a file, and a component is a folder", shown(path.as_str()));
            report.error("not-a-folder", &span, message, "write the folder that it is in");
        }
        None => report.error("missing-folder", &span, format!("there is no folder {}", shown(path.as_str())), near(path, tree)),
    }
}

fn near(path: &RelPath, tree: &dyn Tree) -> String {
    let names = tree.list(&RelPath::here());
    let folder = |name: &&String| RelPath::new(name).is_ok_and(|path| tree.kind(&path) == Some(EntryKind::Folder));
    let folders = names.iter().filter(folder).map(String::as_str);
    let meant = nearest(path.as_str(), folders).map(|name| format!("did you mean {}? ", shown(name))).unwrap_or_default();
    format!("{meant}write a folder of the project, relative to the manifest")
}

fn sources(component: &Component, section: &Section, tree: &dyn Tree, report: &mut Report<'_>) {
    for path in &component.sources {
        let problem = match tree.kind(path) {
            _ if !tree.resolves_inside(path) => ("path-leaves-project", "is a link that leads out of the project"),
            None => ("missing-source", "is not there"),
            Some(_) => continue,
        };
        let message = format!("{} {}", shown(path.as_str()), problem.1);
        report.error(problem.0, &section.span_of("sources"), message, "write files or folders of the project, relative to the manifest");
    }
}

/// Without a build, a site's folder must be there already.
fn site(component: &Component, section: &Section, tree: &dyn Tree, report: &mut Report<'_>) {
    let Kind::Site { root } = &component.kind else { return };
    let Ok(path) = RelPath::new(&format!("{}/{root}", component.path)) else { return };
    if component.build.is_some() || tree.kind(&component.path) != Some(EntryKind::Folder) {
        return;
    }
    if tree.kind(&path) != Some(EntryKind::Folder) || !tree.resolves_inside(&path) {
        let message = format!("there is no folder {} to serve, and no `build` that makes it", shown(path.as_str()));
        report.error("missing-folder", &section.span_of("site"), message, "write the folder that holds index.html, or how to build it");
    }
}
