//! Guessing a manifest from what is in a project's folder, for `plimsoll init`.
//!
//! One file here is one detector, and one line in `DETECTORS`. Each looks at one folder and says which components it
//! sees. What is guessed is always a manifest that [`read()`] accepts; writing it to a file is left to others.

mod cargo;
mod compose;
mod dockerfile;
mod go;
mod html;
mod package;
mod procfile;
mod python;

use std::collections::BTreeSet;

use super::draft::{Draft, Folder, Found, Named, manifest};
use super::environment::LOCAL;
use super::suggest::shown;
use super::tree::{EntryKind, Tree};
use super::{read, rules};
use crate::{EnvironmentName, RelPath};

/// A guessed manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// Its text; none when no component was recognized.
    pub text: Option<String>,
    /// What could not be guessed, and what a person should look at or fill in.
    pub notes: Vec<String>,
}

/// Something that recognizes components in a folder.
struct Detector {
    /// How it goes with the other detectors.
    voice: Voice,
    /// Looks at a folder.
    detect: fn(&Folder<'_>) -> Found,
}

/// How a detector goes with the others in one folder.
#[derive(PartialEq)]
enum Voice {
    /// Says how something is built and run.
    Plain,
    /// Says what is run, whatever the others think; they say how it is built.
    Last,
    /// Is heard only where no other says anything.
    Shy,
}

/// All detectors, by name.
const DETECTORS: &[Detector] = &[
    Detector { voice: Voice::Plain, detect: cargo::detect },
    Detector { voice: Voice::Plain, detect: compose::detect },
    Detector { voice: Voice::Plain, detect: dockerfile::detect },
    Detector { voice: Voice::Plain, detect: go::detect },
    Detector { voice: Voice::Shy, detect: html::detect },
    Detector { voice: Voice::Plain, detect: package::detect },
    Detector { voice: Voice::Last, detect: procfile::detect },
    Detector { voice: Voice::Plain, detect: python::detect },
];

/// Folders that hold no component: what others made, and what belongs to a component beside it.
const SKIPPED: &[&str] = &["build", "dist", "docs", "examples", "node_modules", "target", "test", "tests", "vendor", "venv"];

/// Guesses the manifest of the project in `tree`. `name` is what its folder is called.
#[must_use]
pub fn guess(tree: &dyn Tree, name: &str) -> Guess {
    let name = tidied(name);
    let mut notes = Vec::new();
    let mut drafts: Vec<(RelPath, Draft)> = Vec::new();
    for folder in folders(tree, &name) {
        let root_is_taken = drafts.iter().any(|(path, _)| path.last().is_none());
        let found = look(&folder, !root_is_taken);
        notes.extend(found.notes.iter().map(|note| note.replace(char::is_control, " ")));
        drafts.extend(found.drafts.into_iter().map(|draft| (folder.path.clone(), draft)));
    }
    let drafts = writable(&name, named(drafts), &mut notes);
    if drafts.is_empty() {
        notes.push(nothing(&name));
        return Guess { text: None, notes };
    }
    notes.push("No host was guessed: name them in `[environments.NAME]`; `local`, this machine, needs none.".into());
    Guess { text: Some(manifest(&name, &drafts)), notes }
}

/// The project's folder and those directly in it.
fn folders<'t>(tree: &'t dyn Tree, name: &str) -> Vec<Folder<'t>> {
    let mut names = tree.list(&RelPath::here());
    names.sort();
    let inner = names.into_iter().filter(|name| !name.starts_with('.') && !SKIPPED.contains(&name.as_str())).filter_map(|name| {
        let path = RelPath::new(&name).ok().filter(|path| tree.resolves_inside(path) && tree.kind(path) == Some(EntryKind::Folder))?;
        Some(Folder { tree, path, name })
    });
    std::iter::once(Folder { tree, path: RelPath::here(), name: name.to_owned() }).chain(inner).collect()
}

/// Asks all detectors about one folder; the shy ones only when `shy`.
fn look(folder: &Folder<'_>, shy: bool) -> Found {
    let ask = |voice: Voice| {
        let found = DETECTORS.iter().filter(|detector| detector.voice == voice).map(|detector| (detector.detect)(folder));
        found.fold(Found::default(), |mut all, found| {
            all.drafts.extend(found.drafts);
            all.notes.extend(found.notes.iter().map(|note| note.replace(char::is_control, " ")));
            all
        })
    };
    let mut plain = ask(Voice::Plain);
    let last = ask(Voice::Last);
    plain.notes.extend(last.notes);
    if !last.drafts.is_empty() {
        let build = plain.drafts.into_iter().find_map(|draft| draft.build);
        plain.drafts = last.drafts.into_iter().map(|draft| Draft { build: build.clone(), ..draft }).collect();
    }
    if plain.drafts.is_empty() && shy {
        plain.drafts = ask(Voice::Shy).drafts;
    }
    plain
}

/// Gives each draft a name of its own.
fn named(drafts: Vec<(RelPath, Draft)>) -> Vec<Named> {
    let mut taken = BTreeSet::new();
    let mut name = |wanted: &str| {
        let wanted = tidied(wanted);
        let numbered = (2..).map(|number| format!("{}-{number}", wanted.chars().take(30).collect::<String>().trim_end_matches('-')));
        let free = std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(wanted);
        taken.insert(free.clone());
        free
    };
    drafts.into_iter().map(|(path, draft)| (name(&draft.name), path, draft)).collect()
}

/// Keeps what the reader accepts: the files that a project holds may say anything.
fn writable(name: &str, drafts: Vec<Named>, notes: &mut Vec<String>) -> Vec<Named> {
    let mut keep = |draft: &Named| {
        let good = read(&manifest(name, std::slice::from_ref(draft)), "plimsoll.toml", &local()).is_ok();
        if !good {
            notes.push(format!("{} was left out: {} cannot be written as a component.", draft.0, shown(&draft.2.why)));
        }
        good
    };
    drafts.into_iter().filter(|draft| keep(draft)).collect()
}

fn local() -> EnvironmentName {
    EnvironmentName::new(LOCAL).expect("it is a name")
}

fn tidied(name: &str) -> String {
    Some(rules::tidied(name)).filter(|name| !name.is_empty()).unwrap_or_else(|| "app".into())
}

fn nothing(name: &str) -> String {
    format!(
        "No component was recognized. Write plimsoll.toml by hand; the smallest one is:\n\nname = \"{name}\"\n\n[components.web]\n\
         run = \"./web\"  # must answer on the port in PORT\nroute = {{ port = 4000 }}"
    )
}
