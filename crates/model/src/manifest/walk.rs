//! The walk through the parsed TOML, along the table of keys: what has the wrong shape is told and left behind.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::Report;
use super::rules::{Refusal, Rule};
use super::section::{Entry, Node, Section};
use super::shape::{Key, Shape, Table};
use super::suggest::{listed, nearest, shown};
use super::{keys, value};

/// A walk, with the report that it fills.
pub(super) struct Walk<'r, 'a> {
    /// Where mistakes are told.
    pub report: &'r mut Report<'a>,
    /// The text is TOML. Where it is not, what seems to be missing or astray may just not have been understood.
    pub sound: bool,
}

/// Where a walk is: at which key, and how to name the place in a message.
#[derive(Clone, Copy)]
struct Spot<'a> {
    /// The key that the value stands behind, maybe inside of a list or a table.
    key: &'static Key,
    /// The way from the top, with dots.
    trail: &'a str,
}

/// The default of `key` as a node.
pub(super) fn default_of(key: &'static Key) -> Option<Node> {
    let text = format!("x = {}", key.default?);
    let table = DeTable::parse(&text).expect("a test parses every default");
    let value = table.get_ref().values().next().expect("there is one key in the text above");
    let mut report = Report::new(&text, "");
    Some(Walk { report: &mut report, sound: true }.value(&key.shape, value, Spot { key, trail: key.name }))
}

impl Walk<'_, '_> {
    /// Reads a table whose name stands at `span`; `trail` is its path from the top, empty there.
    pub(super) fn table(&mut self, table: &'static Table, toml: &DeTable<'_>, span: Range<usize>, trail: &str) -> Section {
        let section = self.entries(table, toml, span, trail, false);
        for key in table.keys.iter().filter(|key| key.required && self.sound && !section.has(key.name)) {
            let help = format!("write `{} = {}`", key.name, key.example);
            self.report.error("missing-key", &section.span, format!("`{}` is missing in {}", key.name, place(trail)), help);
        }
        section
    }

    fn entries(&mut self, table: &'static Table, toml: &DeTable<'_>, span: Range<usize>, trail: &str, overrides: bool) -> Section {
        let mut section = Section::new(span, Some(table));
        for (name, value) in toml {
            let word: &str = name.get_ref();
            let (key, node) = match table.key(word) {
                Some(key) if overrides && key.fixed => (key.name, self.refused(&name.span(), fixed(word))),
                Some(key) => (key.name, self.keyed(key, value, &join(trail, word))),
                None => (self.unknown(table, word, &name.span(), trail, overrides), Node::Refused),
            };
            let entry = Entry { key: name.span(), value: value.span(), node };
            section.entries.entry(key.into()).or_insert(entry);
        }
        section
    }

    fn keyed(&mut self, key: &'static Key, value: &Spanned<DeValue<'_>>, trail: &str) -> Node {
        self.value(&key.shape, value, Spot { key, trail })
    }

    /// Tells of an unknown key, and gives the one that was probably meant: so it is not told to be missing as well.
    fn unknown<'w>(&mut self, table: &'static Table, word: &'w str, span: &Range<usize>, trail: &str, overrides: bool) -> &'w str {
        let known = || table.keys.iter().filter(|key| key.available() && !(overrides && key.fixed)).map(|key| key.name);
        let meant = nearest(word, known());
        let home = keys::TABLES.iter().find(|table| table.key(word).is_some());
        if home.is_some() && !self.sound {
            return word;
        }
        let hint = match (meant, home) {
            (Some(meant), _) => format!("did you mean `{meant}`? "),
            (None, Some(home)) => format!("`{word}` is a key of `{}`; ", home.name),
            (None, None) => String::new(),
        };
        let message = format!("unknown key {} in {}", shown(word), place(trail));
        self.report.error("unknown-key", span, message, format!("{hint}what may stand here: {}", listed(known())));
        meant.unwrap_or(word)
    }

    fn value(&mut self, shape: &'static Shape, value: &Spanned<DeValue<'_>>, spot: Spot<'_>) -> Node {
        let span = value.span();
        match (shape, value.get_ref()) {
            (Shape::List(of), DeValue::Array(items)) => Node::List(items.iter().map(|item| self.item(of, item, spot)).collect()),
            (Shape::Map(rule, of), DeValue::Table(table)) => Node::Section(self.map(rule, of, table, span, spot)),
            (Shape::Table(of), DeValue::Table(table)) => Node::Section(self.table(of, table, span, spot.trail)),
            (Shape::Overrides(of), DeValue::Table(table)) => Node::Section(self.entries(of, table, span, spot.trail, true)),
            (Shape::Either(shapes), found) => match shapes.iter().find(|shape| shape.takes(found)) {
                Some(shape) => self.value(shape, value, spot),
                None => self.refused(&span, value::wrong_type(shape, found, spot.key)),
            },
            (shape, found) => value::single(shape, found, spot.key).unwrap_or_else(|refusal| self.refused(&span, refusal)),
        }
    }

    fn item(&mut self, of: &'static Shape, item: &Spanned<DeValue<'_>>, spot: Spot<'_>) -> Entry {
        Entry { key: item.span(), value: item.span(), node: self.value(of, item, spot) }
    }

    /// Reads a table with names of the writer's choice. What stands behind a bad name is judged as well, and dropped.
    fn map(&mut self, rule: &Rule, of: &'static Shape, toml: &DeTable<'_>, span: Range<usize>, spot: Spot<'_>) -> Section {
        let mut section = Section::new(span, None);
        for (name, value) in toml {
            let word: &str = name.get_ref();
            let named = value::ruled(rule, word).map_err(|refusal| self.refused(&name.span(), refusal));
            let node = match self.value(of, value, Spot { key: spot.key, trail: &join(spot.trail, word) }) {
                Node::Section(section) => Node::Section(Section { span: name.span(), ..section }),
                node => node,
            };
            let entry = Entry { key: name.span(), value: value.span(), node: named.err().unwrap_or(node) };
            section.entries.insert(word.into(), entry);
        }
        section
    }

    fn refused(&mut self, span: &Range<usize>, refusal: Refusal) -> Node {
        self.report.error(refusal.code, span, refusal.message, refusal.help);
        Node::Refused
    }
}

impl Shape {
    /// Whether a value of this type may be meant.
    fn takes(&self, found: &DeValue<'_>) -> bool {
        match self {
            Self::Flag => found.is_bool(),
            Self::Count { .. } => found.is_integer(),
            Self::List(_) => found.is_array(),
            Self::Map(..) | Self::Table(_) | Self::Overrides(_) => found.is_table(),
            Self::Text(_) | Self::Choice(_) | Self::Duration { .. } | Self::Size | Self::Path => found.is_str(),
            Self::Scalar | Self::NotYet(_) => true,
            Self::Either(shapes) => shapes.iter().any(|shape| shape.takes(found)),
        }
    }
}

fn fixed(word: &str) -> Refusal {
    let message = format!("`{word}` cannot differ between environments: what was verified in one is what another gets");
    Refusal { code: "fixed-key", message, help: "write it in the component itself; `env` tells environments apart".into() }
}

fn place(trail: &str) -> String {
    if trail.is_empty() { "the manifest".into() } else { shown(trail) }
}

fn join(trail: &str, word: &str) -> String {
    if trail.is_empty() { word.into() } else { format!("{trail}.{word}") }
}
