//! A table of the manifest after the walk: its values have the shapes that the table of keys asks for.
//!
//! An absent key answers with its default from that table. A key whose value was refused is there and answers with
//! nothing: its mistake is in the report already, and is not to be followed by a second one about its absence.

use std::collections::BTreeMap;
use std::ops::Range;

use super::shape::Table;
use super::walk;
use crate::RelPath;

/// A table: its keys with their values.
#[derive(Clone)]
pub(super) struct Section {
    /// Where its name stands in the file.
    pub span: Range<usize>,
    /// What the table of keys says of it, when its keys are known beforehand.
    pub table: Option<&'static Table>,
    /// Its entries.
    pub entries: BTreeMap<String, Entry>,
}

/// A value with its place.
#[derive(Clone)]
pub(super) struct Entry {
    /// Where its key stands.
    pub key: Range<usize>,
    /// Where its value stands.
    pub value: Range<usize>,
    /// The value.
    pub node: Node,
}

/// A value.
#[derive(Clone)]
pub(super) enum Node {
    /// Was refused.
    Refused,
    /// Text.
    Text(String),
    /// A number: a count, milliseconds or bytes.
    Number(u64),
    /// A flag.
    Flag(bool),
    /// A path.
    Path(RelPath),
    /// A list.
    List(Vec<Entry>),
    /// A table.
    Section(Section),
}

impl Section {
    /// A table without entries at `span`.
    pub(super) fn new(span: Range<usize>, table: Option<&'static Table>) -> Self {
        Self { span, table, entries: BTreeMap::new() }
    }

    /// Whether the key stands in the file.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// The entry, when it stands in the file.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Where the key stands, or the table when it does not.
    pub(super) fn span_of(&self, key: &str) -> Range<usize> {
        self.entry(key).map_or_else(|| self.span.clone(), |entry| entry.key.clone())
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        if let Node::Text(text) = self.node(key)? { Some(text) } else { None }
    }

    pub(super) fn number(&self, key: &str) -> Option<u64> {
        if let Node::Number(number) = self.node(key)? { Some(number) } else { None }
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        if let Node::Flag(flag) = self.node(key)? { Some(flag) } else { None }
    }

    pub(super) fn path(&self, key: &str) -> Option<RelPath> {
        if let Node::Path(path) = self.node(key)? { Some(path) } else { None }
    }

    /// The paths of a list; none when it is absent.
    pub(super) fn paths(&self, key: &str) -> Vec<RelPath> {
        let path = |entry: Entry| if let Node::Path(path) = entry.node { Some(path) } else { None };
        self.list(key).into_iter().filter_map(path).collect()
    }

    /// The texts of a list with their places; none when it is absent.
    pub(super) fn texts(&self, key: &str) -> Vec<(String, Range<usize>)> {
        let text = |entry: Entry| if let Node::Text(text) = entry.node { Some((text, entry.value)) } else { None };
        self.list(key).into_iter().filter_map(text).collect()
    }

    /// The table behind the key, when it stands in the file.
    pub(super) fn section(&self, key: &str) -> Option<&Section> {
        if let Node::Section(section) = &self.entry(key)?.node { Some(section) } else { None }
    }

    /// The tables in the table behind the key, by name; none when it is absent.
    pub(super) fn sections(&self, key: &str) -> impl Iterator<Item = (&str, &Section)> {
        let entries = self.section(key).into_iter().flat_map(|section| &section.entries);
        entries.filter_map(|(name, entry)| if let Node::Section(section) = &entry.node { Some((name.as_str(), section)) } else { None })
    }

    /// The texts in the table behind the key, by name; none when it is absent.
    pub(super) fn map(&self, key: &str) -> BTreeMap<String, String> {
        let entries = self.section(key).into_iter().flat_map(|section| &section.entries);
        let text = |(name, entry): (&String, &Entry)| if let Node::Text(text) = &entry.node { Some((name.clone(), text.clone())) } else { None };
        entries.filter_map(text).collect()
    }

    /// The items of a list; none when it is absent.
    pub(super) fn list(&self, key: &str) -> Vec<Entry> {
        if let Some(Node::List(items)) = self.node(key) { items } else { Vec::new() }
    }

    fn node(&self, key: &str) -> Option<Node> {
        match self.entry(key) {
            Some(entry) => Some(entry.node.clone()),
            None => walk::default_of(self.table?.key(key)?),
        }
    }
}
