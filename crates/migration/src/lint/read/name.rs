//! Names as a database compares them: without quotes, and in lower case where case does not count.

use plimsoll_model::database::DatabaseKind;
use sqlparser::ast::{Ident, ObjectName};

/// The name of a table. The schema in which it is looked for anyway is left out.
pub(super) fn name(kind: DatabaseKind, name: &ObjectName) -> String {
    join(name.0.iter().filter_map(|part| part.as_ident()).map(|part| ident(kind, part)).collect())
}

/// The name of a column.
pub(super) fn ident(kind: DatabaseKind, ident: &Ident) -> String {
    part(kind, &ident.value, ident.quote_style.is_some())
}

/// The name that stands at the beginning of `words`, as far as it goes.
pub(super) fn leading(kind: DatabaseKind, words: &[&str]) -> String {
    let dots = words.iter().skip(1).step_by(2).take_while(|word| **word == ".").count();
    let parts = words.iter().step_by(2).take(dots + 1);
    join(parts.map(|word| part(kind, word.trim_matches(['"', '`', '[', ']']), word.starts_with(['"', '`', '[']))).collect())
}

fn part(kind: DatabaseKind, value: &str, is_quoted: bool) -> String {
    if is_quoted && kind == DatabaseKind::Postgres { value.to_owned() } else { value.to_lowercase() }
}

fn join(mut parts: Vec<String>) -> String {
    if parts.len() > 1 && matches!(parts[0].as_str(), "public" | "main") {
        parts.remove(0);
    }
    parts.join(".")
}
