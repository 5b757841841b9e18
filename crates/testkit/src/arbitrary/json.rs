//! Breaking JSON: first values in it, then its text.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// One thing that is done to a value.
#[derive(Debug, Clone)]
enum Change {
    /// Another value in the place of one.
    Replace(Value),
    /// An entry less.
    Remove(Index),
    /// An entry of another name.
    Rename(Index, String),
    /// An entry that nobody knows.
    Add(String, Value),
}

/// One thing that is done to a text.
#[derive(Debug, Clone)]
enum Cut {
    /// No change.
    Whole,
    /// Nothing from there on.
    Short(Index),
    /// Other bytes in the place of some.
    Replace(Index, usize, Vec<u8>),
    /// Lists around it, as many.
    Nest(usize),
}

/// The wire form of what `values` makes, with up to four changes in it and maybe one of its text.
pub fn broken<T: std::fmt::Debug>(values: impl Strategy<Value = T>, write: fn(&T) -> Value) -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((prop::collection::vec(any::<Index>(), 0..6), change()), 0..4);
    (values, changes, cut()).prop_map(move |(value, changes, cut)| {
        let mut value = write(&value);
        for (way, change) in &changes {
            apply(at(&mut value, way), change);
        }
        cut_up(value.to_string().into_bytes(), &cut)
    })
}

/// Bytes that are JSON, nearly JSON, or nothing of the kind.
pub fn anything() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        "[\\[\\]{}\":,0-9a-z \\\\.e-]{0,64}".prop_map(String::into_bytes),
        junk().prop_map(|value| value.to_string().into_bytes()),
        (1..100_000_usize).prop_map(|depth| vec![b'['; depth]),
    ]
}

fn junk() -> impl Strategy<Value = Value> {
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(1.5),
        json!(1e308),
        json!(""),
        json!("../../etc/passwd"),
        json!("a\u{0}b"),
        json!("9999-12-31T23:59:59Z"),
        json!("x".repeat(5_000)),
        json!([]),
        json!([[[]]]),
        json!({}),
        json!({ "order": "commit" }),
    ];
    prop::sample::select(values.to_vec())
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => junk().prop_map(Change::Replace),
        2 => any::<Index>().prop_map(Change::Remove),
        1 => (any::<Index>(), "\\PC{0,6}").prop_map(|(which, name)| Change::Rename(which, name)),
        1 => ("\\PC{0,6}", junk()).prop_map(|(name, value)| Change::Add(name, value)),
    ]
}

fn cut() -> impl Strategy<Value = Cut> {
    prop_oneof![
        6 => Just(Cut::Whole),
        1 => any::<Index>().prop_map(Cut::Short),
        2 => (any::<Index>(), 0..4_usize, prop::collection::vec(any::<u8>(), 0..4)).prop_map(|(at, length, bytes)| Cut::Replace(at, length, bytes)),
        1 => (1..400_usize).prop_map(Cut::Nest),
    ]
}

/// The value at the end of a way into `value`: as far as there is a further one.
fn at<'v>(value: &'v mut Value, way: &[Index]) -> &'v mut Value {
    let inside = value.as_array().map_or(0, Vec::len) + value.as_object().map_or(0, serde_json::Map::len);
    let Some((first, rest)) = way.split_first().filter(|_| inside > 0) else { return value };
    match value {
        Value::Array(items) => at(first.get_mut(items), rest),
        Value::Object(entries) => at(entries.values_mut().nth(first.index(inside)).expect("it has as many"), rest),
        single => single,
    }
}

fn apply(value: &mut Value, change: &Change) {
    match (value, change) {
        (value, Change::Replace(other)) => *value = other.clone(),
        (Value::Object(entries), Change::Add(name, other)) => drop(entries.insert(name.clone(), other.clone())),
        (Value::Object(entries), Change::Remove(which) | Change::Rename(which, _)) if !entries.is_empty() => {
            let name = entries.keys().nth(which.index(entries.len())).expect("it has as many").clone();
            let removed = entries.remove(&name).expect("it was there");
            if let Change::Rename(_, other) = change {
                entries.insert(other.clone(), removed);
            }
        }
        (Value::Array(items), Change::Remove(which)) if !items.is_empty() => drop(items.remove(which.index(items.len()))),
        _ => {}
    }
}

fn cut_up(mut text: Vec<u8>, cut: &Cut) -> Vec<u8> {
    match cut {
        Cut::Whole => {}
        Cut::Short(at) => text.truncate(at.index(text.len() + 1)),
        Cut::Replace(at, length, bytes) => {
            let start = at.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, bytes.iter().copied());
        }
        Cut::Nest(depth) => text = [vec![b'['; *depth], text, vec![b']'; *depth]].concat(),
    }
    text
}
