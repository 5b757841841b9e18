//! From one TOML value to a [`Node`]: pure functions that accept a value or say why not.

use toml::de::{DeInteger, DeValue};

use super::quantity::{bytes, millis, spoken};
use super::rules::{Refusal, Rule};
use super::section::Node;
use super::shape::{Choice, Key, Shape};
use super::suggest::{listed, nearest, shown};
use crate::RelPath;
use crate::path::PathError;

/// A value that is no list and no table, behind `key`.
pub(super) fn single(shape: &Shape, found: &DeValue<'_>, key: &Key) -> Result<Node, Refusal> {
    match (shape, found) {
        (Shape::NotYet(what), _) => Err(not_yet(what, key)),
        (Shape::Text(rule), DeValue::String(text)) => ruled(rule, text),
        (Shape::Choice(choices), DeValue::String(text)) => choice(choices, text),
        (Shape::Flag, DeValue::Boolean(flag)) => Ok(Node::Flag(*flag)),
        (Shape::Count { min, max, code }, DeValue::Integer(number)) => count(number, *min, *max, code),
        (Shape::Duration { min_ms }, DeValue::String(text)) => duration(text, *min_ms, key),
        (Shape::Size, DeValue::String(text)) => size(text, key),
        (Shape::Scalar, scalar) => variable(scalar).unwrap_or_else(|| Err(wrong_type(shape, scalar, key))),
        (Shape::Path, DeValue::String(text)) => path(text),
        (shape, found) => Err(wrong_type(shape, found, key)),
    }
}

/// Text that follows a rule.
pub(super) fn ruled(rule: &Rule, text: &str) -> Result<Node, Refusal> {
    (rule.judge)(text).map(|()| Node::Text(text.into()))
}

fn choice(choices: &'static [Choice], text: &str) -> Result<Node, Refusal> {
    let words = || choices.iter().filter(|choice| choice.available).map(|choice| choice.word);
    match choices.iter().find(|choice| choice.word == text) {
        Some(choice) if choice.available => Ok(Node::Text(text.into())),
        Some(_) => refuse("not-available", format!("{} is not available in this version of Plimsoll", shown(text)), write_one_of(words())),
        None => {
            let meant = nearest(text, words()).map(|word| format!("did you mean `{word}`? ")).unwrap_or_default();
            refuse("bad-value", format!("{} is not possible here", shown(text)), meant + &write_one_of(words()))
        }
    }
}

fn write_one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    format!("write one of {}", listed(words))
}

fn count(number: &DeInteger<'_>, min: u64, max: u64, code: &'static str) -> Result<Node, Refusal> {
    match u64::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) if (min..=max).contains(&number) => Ok(Node::Number(number)),
        _ => refuse(code, format!("{} is out of range", shown(&number.to_string())), format!("write a number from {min} to {max}")),
    }
}

fn duration(text: &str, min_ms: u64, key: &Key) -> Result<Node, Refusal> {
    let message = match millis(text) {
        Some(value) if value >= min_ms => return Ok(Node::Number(value)),
        Some(_) => format!("{} is too short: `{}` is at least {}", shown(text), key.name, spoken(min_ms)),
        None => format!("{} is not a duration", shown(text)),
    };
    refuse("bad-duration", message, "write a whole number and a unit (ms, s, m, h, d), such as \"30s\"; at most \"366d\"")
}

fn size(text: &str, key: &Key) -> Result<Node, Refusal> {
    let message = match bytes(text) {
        Some(value) if value > 0 => return Ok(Node::Number(value)),
        Some(_) => format!("`{}` cannot be nothing", key.name),
        None => format!("{} is not a size", shown(text)),
    };
    refuse("bad-size", message, "write a whole number and a unit (B, KB, MB, GB, KiB, MiB, GiB), such as \"512MB\"")
}

/// The text of an environment variable, or nothing for a value that has none.
fn variable(found: &DeValue<'_>) -> Option<Result<Node, Refusal>> {
    let text = match found {
        DeValue::String(text) if text.contains('\0') => {
            return Some(refuse("bad-value", "a variable cannot hold a NUL character".into(), "remove it"));
        }
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        _ => return None,
    };
    Some(Ok(Node::Text(text)))
}

fn path(text: &str) -> Result<Node, Refusal> {
    let stay = "must stay inside the folder that it is relative to";
    let (code, what, help) = match RelPath::new(text) {
        Ok(path) => return Ok(Node::Path(path)),
        Err(PathError::Absolute) => ("path-leaves-project", stay, "write it relative, without a leading '/'"),
        Err(PathError::Leaves) => ("path-leaves-project", stay, "write a path that stays inside, without '..'"),
        Err(PathError::Malformed) => ("bad-path", "is not a path", "write at most 4096 bytes, without control characters"),
    };
    refuse(code, format!("{} {what}", shown(text)), help)
}

fn not_yet(what: &str, key: &Key) -> Refusal {
    let kind = matches!(key.name, "image" | "compose" | "config" | "stack");
    let help = if kind { "use `run` for a program or `site` for static files" } else { "remove it" };
    let message = format!("`{}`: {what} are not available in this version of Plimsoll", key.name);
    Refusal { code: "not-available", message, help: help.into() }
}

/// `found` is not of a type that `shape` takes.
pub(super) fn wrong_type(shape: &Shape, found: &DeValue<'_>, key: &Key) -> Refusal {
    let message = format!("expected {}, found {}", shape.noun(), noun(found));
    Refusal { code: "wrong-type", message, help: format!("write `{} = {}`", key.name, key.example) }
}

/// What a value is, with its article.
fn noun(found: &DeValue<'_>) -> &'static str {
    match found {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn refuse(code: &'static str, message: String, help: impl Into<String>) -> Result<Node, Refusal> {
    Err(Refusal { code, message, help: help.into() })
}
