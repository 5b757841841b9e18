//! A project's folder in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{EntryKind, Tree};
use crate::RelPath;

/// Files with their texts, folders implied, and links that lead out.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub files: BTreeMap<String, String>,
    pub links_out: BTreeSet<String>,
}

impl Memory {
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files, links_out: BTreeSet::new() }
    }

    fn below<'t>(&'t self, path: &RelPath) -> impl Iterator<Item = &'t str> {
        let prefix = if path.last().is_none() { String::new() } else { format!("{path}/") };
        self.files.keys().filter_map(move |file| file.strip_prefix(&prefix))
    }
}

impl Tree for Memory {
    fn kind(&self, path: &RelPath) -> Option<EntryKind> {
        if self.files.contains_key(path.as_str()) {
            return Some(EntryKind::File);
        }
        self.below(path).next().map(|_| EntryKind::Folder)
    }

    fn read(&self, path: &RelPath) -> Option<String> {
        self.files.get(path.as_str()).cloned()
    }

    fn list(&self, path: &RelPath) -> Vec<String> {
        let names: BTreeSet<&str> = self.below(path).filter_map(|rest| rest.split('/').next()).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    fn resolves_inside(&self, path: &RelPath) -> bool {
        !self.links_out.iter().any(|link| path.as_str() == link || path.as_str().starts_with(&format!("{link}/")))
    }
}
