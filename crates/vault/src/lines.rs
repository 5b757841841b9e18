//! Secrets as people edit them: lines of `NAME = "value"`, which are TOML.
//!
//! What is wrong with such a text is told by line, and never with any of its words: they are secrets.

use std::collections::BTreeMap;
use std::fmt::Write;

use plimsoll_model::Secret;
use plimsoll_model::manifest::judge_secret_name;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};
use zeroize::Zeroizing;

/// Values by name.
pub type Values = BTreeMap<String, Secret<String>>;

/// The largest value, in bytes: a program is given no larger one in its environment.
pub const MAX_VALUE_BYTES: usize = 100 * 1024;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Nonsense {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: String,
}

/// The values as lines, in the order of their names.
#[must_use]
pub fn write_lines(values: &Values) -> Zeroizing<String> {
    // Room for all of it, with each character escaped: a text that grows leaves copies behind.
    let room = values.iter().map(|(name, value)| name.len() + 2 * value.expose().len() + 16).sum();
    let mut text = Zeroizing::new(String::with_capacity(room));
    for (name, value) in values {
        writeln!(text, "{name} = {}", quoted(value.expose()).as_str()).expect("writing to a string cannot fail");
    }
    text
}

/// The values that lines hold.
///
/// # Errors
/// A line of it that is no `NAME = "value"`, or has a name or a value that no program could be given.
pub fn read_lines(text: &str) -> Result<Values, Nonsense> {
    values(text, &table(text)?)
}

/// Judges a value on its own.
///
/// # Errors
/// No program could be given it in its environment.
pub fn judge_value(value: &str) -> Result<(), &'static str> {
    match value {
        "" => Err("the value is empty"),
        value if value.contains('\0') => Err("the value has a NUL character"),
        value if value.len() > MAX_VALUE_BYTES => Err("the value has more than 100 KiB"),
        _ => Ok(()),
    }
}

/// The TOML of `text`.
pub(crate) fn table(text: &str) -> Result<DeTable<'_>, Nonsense> {
    let broken = |error: toml::de::Error| {
        let why = "this is not of the form NAME = \"value\", or the name stands there twice".to_owned();
        Nonsense { line: line(text, error.span().map_or(0, |span| span.start)), why }
    };
    DeTable::parse(text).map(Spanned::into_inner).map_err(broken)
}

/// The values of a table of `text`.
pub(crate) fn values(text: &str, table: &DeTable<'_>) -> Result<Values, Nonsense> {
    let value = |(name, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let name: &str = name.get_ref();
        let nonsense = |why: String| Nonsense { line: line(text, value.span().start), why };
        judge_secret_name(name).map_err(|bad| nonsense(format!("{}: {}", bad.message, bad.help)))?;
        let DeValue::String(found) = value.get_ref() else { return Err(nonsense("the value is not in quotes".into())) };
        judge_value(found).map_err(|why| nonsense(why.into()))?;
        Ok((name.to_owned(), Secret::new(found.to_string())))
    };
    table.iter().map(value).collect()
}

/// `text` as a TOML string.
pub(crate) fn quoted(text: &str) -> Zeroizing<String> {
    Zeroizing::new(toml::Value::String(text.to_owned()).to_string())
}

fn line(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: Result<&[(&str, &str)], (usize, &str)>) {
        let found = read_lines(text);
        let expect = expect.map(|pairs| pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect::<Values>());
        match (found, expect) {
            (Err(found), Err((line, why))) => assert!(found.line == line && found.why.contains(why), "{text:?}: {found}"),
            (found, expect) => assert_eq!(found.ok(), expect.ok(), "{text:?}"),
        }
    }

    #[test]
    fn lines_are_read_or_their_line_is_told() {
        check("# nothing\n", Ok(&[]));
        check("B = 'x'\nA = \"a \\\"b\"\n", Ok(&[("A", "a \"b"), ("B", "x")]));
        check("KEY = \"\"\"\none\ntwo\n\"\"\"\n", Ok(&[("KEY", "one\ntwo\n")]));
        check("A = \"x\"\nB = hunter22\n", Err((2, "NAME = \"value\"")));
        check("A = \"x\"\nA = \"y\"\n", Err((2, "twice")));
        check("A = \"x\"\n\nB = 22\n", Err((3, "quotes")));
        check("A = \"\"\n", Err((1, "empty")));
        check("A = \"\\u0000\"\n", Err((1, "NUL")));
        check("PORT = \"1\"\n", Err((1, "reserved")));
        check("[a]\nB = \"x\"\n", Err((1, "quotes")));
        check("\"A-B\" = \"x\"\n", Err((1, "environment variable")));
    }

    #[test]
    fn what_is_wrong_is_told_without_what_stands_there() {
        for text in ["A = hunter22\n", "hunter22\n", "A = \"hunter22\n", "A = [\"hunter22\"]\n", "A = { x = \"hunter22\" }"] {
            let told = format!("{:?}", read_lines(text).unwrap_err());
            assert!(!told.contains("hunter22"), "{told}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in prop::collection::btree_map("[A-Z_][A-Z0-9_]{0,8}", "[^\0]{1,40}|[\"'\\\\\n\r\t]{1,8}", 0..5)) {
            let values: Values = values.into_iter().filter(|(name, _)| name != "PORT").map(|(name, value)| (name, Secret::new(value))).collect();
            let text = write_lines(&values);
            prop_assert_eq!(read_lines(&text), Ok(values), "{}", text.as_str());
        }
    }
}
