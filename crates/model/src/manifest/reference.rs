//! The reference of the manifest, as Markdown for the documentation, made from the table of keys.

use std::fmt::Write;

use super::keys;
use super::shape::{Key, Table};

/// Every key of the manifest with its type, its default, what it is for and an example: one Markdown section a table.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from("# The manifest, key by key\n");
    for table in keys::TABLES {
        section(&mut page, table);
    }
    page
}

fn section(page: &mut String, table: &Table) {
    let name = table.name;
    let doc = table.doc;
    write!(page, "\n## {name}\n{doc}\n\n| key | type | default | what it is for |\n|---|---|---|---|\n").expect("writing to a string cannot fail");
    for key in table.keys.iter().filter(|key| key.available()) {
        row(page, key);
    }
}

fn row(page: &mut String, key: &Key) {
    let default = match key.default {
        Some(default) => format!("`{default}`"),
        None if key.required => "required".into(),
        None => String::new(),
    };
    let cells = [format!("`{}`", key.name), key.shape.noun(), default, format!("{} Example: `{}`", key.doc, key.example)];
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    writeln!(page, "| {} |", cells.join(" | ")).expect("writing to a string cannot fail");
}
