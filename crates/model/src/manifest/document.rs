//! From text to a [`Section`]: the TOML parser's part, and what it has to say about text that is no TOML.

use toml::de::DeTable;

use super::keys;
use super::report::Report;
use super::section::Section;
use super::walk::Walk;

/// What could be understood of a text.
pub(super) struct Document {
    /// The manifest. What is wrong with single values is in the report.
    pub manifest: Section,
    /// The text is TOML: what seems to be missing is really missing.
    pub sound: bool,
}

/// Reads `text`.
pub(super) fn document(text: &str, report: &mut Report<'_>) -> Document {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        report.error("syntax", &span, format!("this is not TOML: {}", error.message()), help(error.message()));
        report.mute_line(span.start);
    }
    let sound = errors.is_empty();
    let manifest = Walk { report, sound }.table(&keys::MANIFEST, table.get_ref(), 0..0, "");
    Document { manifest, sound }
}

fn help(message: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match () {
        () if says(&["duplicate key"]) => "keep one of the two",
        () if says(&["must be quoted", "mantissa", "digit", "date"]) => "put text in quotes, such as run = \"./backend\"",
        () if says(&["basic string", "literal string"]) => "a string starts and ends with '\"' on one line; inside, a backslash is written as \\\\",
        () => "write lines of the form `key = value` below headers such as `[components.web]`",
    }
}
