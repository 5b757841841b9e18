//! What holds for every manifest that the table of keys can spell, however its writer lays it out.
//!
//! The manifests are made along the table itself: a key that is added there is tried here without a line more.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::string::string_regex;
use proptest::test_runner::TestRunner;
use toml::{Table, Value};

use super::super::project::Project;
use super::super::rules::Rule;
use super::super::shape::{Key, Shape};
use super::super::{judge, keys, read, schema, shape};
use super::environment;
use super::table::valid;

/// The names that components, environments and dependencies have, so that they meet.
const NAMES: &[&str] = &["web", "db", "local", "dev"];

fn any_table(table: &'static shape::Table) -> BoxedStrategy<Table> {
    let entries: Vec<_> = table.keys.iter().map(|key| prop::option::weighted(likelihood(table, key), behind(key))).collect();
    let chosen = (entries, any::<prop::sample::Index>(), prop::bool::weighted(0.9));
    chosen.prop_map(move |(values, kind, one)| assembled(table, values, kind.index(table.one_of.len().max(1)), one)).boxed()
}

/// Keys without which nothing is accepted are nearly always there, and those of a later version nearly never.
fn likelihood(table: &shape::Table, key: &Key) -> f64 {
    match () {
        () if key.required || table.one_of.iter().any(|keys| keys.contains(&key.name)) => 0.98,
        () if key.name == "route" => 0.7,
        () if !key.available() => 0.01,
        () => 0.15,
    }
}

/// The table with these values. Of the keys that exclude each other one is left, where `one` says so.
fn assembled(table: &'static shape::Table, values: Vec<Option<Value>>, kind: usize, one: bool) -> Table {
    let excluded = |key: &Key| one && table.one_of.iter().any(|keys| keys.contains(&key.name)) && !table.one_of[kind].contains(&key.name);
    let there = table.keys.iter().zip(values).filter(|(key, _)| !excluded(key));
    there.filter_map(|(key, value)| Some((key.name.to_owned(), value?))).collect()
}

/// A value for `key`: most are of its shape, some are of another.
fn behind(key: &'static Key) -> BoxedStrategy<Value> {
    prop_oneof![20 => shaped(&key.shape, key), 20 => Just(toml_value(key.example)), 1 => anything()].boxed()
}

fn shaped(shape: &'static Shape, key: &'static Key) -> BoxedStrategy<Value> {
    match shape {
        Shape::Text(rule) => text(rule, key),
        Shape::Choice(choices) => (0..choices.len()).prop_map(|index| Value::from(choices[index].word)).boxed(),
        Shape::Flag => any::<bool>().prop_map(Value::from).boxed(),
        Shape::Count { min, max, .. } => (number(*min)..=number(*max)).prop_map(Value::from).boxed(),
        Shape::Duration { min_ms } => (number(*min_ms)..100_000_i64).prop_map(|ms| Value::from(format!("{ms}ms"))).boxed(),
        Shape::Size => "[1-9][0-9]{0,4}(KB|MB|KiB)".prop_map(Value::from).boxed(),
        Shape::Scalar => anything().prop_filter("a scalar", |value| !value.is_array() && !value.is_table()).boxed(),
        Shape::Path => prop::sample::select(&["web", "dist", "a/b", ".", "x y", "./c/", "é"][..]).prop_map(Value::from).boxed(),
        Shape::List(of) => prop::collection::vec(shaped(of, key), 0..3).prop_map(Value::from).boxed(),
        Shape::Map(rule, of) => map(rule, of, key),
        Shape::Table(table) | Shape::Overrides(table) => any_table(table).prop_map(Value::from).boxed(),
        Shape::Either(shapes) => proptest::strategy::Union::new(shapes.iter().map(|shape| shaped(shape, key))).boxed(),
        Shape::NotYet(_) => anything(),
    }
}

/// Text that follows the published pattern of its rule, or is a name that means something elsewhere.
fn text(rule: &'static Rule, key: &Key) -> BoxedStrategy<Value> {
    let pattern = string_regex(rule.pattern.trim_start_matches('^').trim_end_matches('$')).expect("it is a regular expression");
    let example = example(key);
    prop_oneof![1 => pattern, 3 => prop::sample::select(NAMES).prop_map(str::to_owned), 8 => Just(example)].prop_map(Value::from).boxed()
}

fn map(rule: &'static Rule, of: &'static Shape, key: &'static Key) -> BoxedStrategy<Value> {
    let names: &[&str] = if rule.noun.contains("variable") { &["LOG", "PORT", "REGION"] } else { &NAMES[..2] };
    prop::collection::btree_map(prop::sample::select(names).prop_map(str::to_owned), shaped(of, key), 1..3)
        .prop_map(|entries| Value::Table(entries.into_iter().collect()))
        .boxed()
}

fn anything() -> BoxedStrategy<Value> {
    let words = ["5", "-1", "1.5", "true", "\"\"", "\"x y\"", "\"\\u0000\"", "[]", "[5]", "[[\"x\"]]", "{}", "{ x = 1 }", "1979-05-27"];
    prop::sample::select(words.map(toml_value).to_vec()).boxed()
}

fn example(key: &Key) -> String {
    toml_value(key.example).as_str().unwrap_or("web").to_owned()
}

fn number(value: u64) -> i64 {
    i64::try_from(value).expect("the table of keys has no such large numbers")
}

fn toml_value(text: &str) -> Value {
    let table: Table = toml::from_str(&format!("x = {}", if text.is_empty() { "1" } else { text })).expect("it is TOML");
    table["x"].clone()
}

/// What is read, or the codes of what is wrong.
fn outcome(text: &str) -> Result<Project, Vec<String>> {
    read(text, "plimsoll.toml", &environment("local")).map_err(|findings| {
        let mut codes: Vec<String> = findings.into_iter().map(|finding| finding.code).collect();
        codes.sort();
        codes
    })
}

/// The same manifest with headers, with one line for each key, and on one line each.
fn layouts(manifest: &Table) -> [String; 3] {
    let inline = manifest.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    let print = |text: Result<String, toml::ser::Error>| text.expect("a table has a TOML form");
    [print(toml::to_string(manifest)), print(toml::to_string_pretty(manifest)), inline]
}

fn check(manifest: &Table) -> Result<(), TestCaseError> {
    let [first, others @ ..] = layouts(manifest);
    super::properties::check(&first)?;
    let expect = outcome(&first);
    for other in others {
        prop_assert_eq!(&outcome(&other), &expect, "{}\n---\n{}", first, other);
    }
    if let Ok(project) = expect {
        let sent = serde_json::to_string(&project).expect("a project has a JSON form");
        prop_assert_eq!(serde_json::from_str::<Project>(&sent).ok(), Some(project));
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_manifest_means_the_same_however_it_is_laid_out(manifest in any_table(&keys::MANIFEST)) {
        check(&manifest)?;
    }

    #[test]
    fn what_is_accepted_suits_the_schema(manifest in any_table(&keys::MANIFEST)) {
        let text = layouts(&manifest)[0].clone();
        let accepted = judge(&text, "").iter().all(|finding| finding.severity != crate::finding::Severity::Error);
        let published = serde_json::to_value(schema()).expect("it is JSON");
        let value = serde_json::to_value(&manifest).expect("TOML without dates has a JSON form");
        prop_assert!(!accepted || valid(&published, &published, &value), "{}", text);
    }
}

/// Properties of what is accepted say nothing when nothing is.
#[test]
fn enough_of_them_are_accepted() {
    let mut runner = TestRunner::deterministic();
    let manifests = any_table(&keys::MANIFEST);
    let mut refused = std::collections::BTreeMap::<String, usize>::new();
    let mut accepted = 0;
    for _ in 0..400 {
        let manifest = manifests.new_tree(&mut runner).expect("it needs no luck").current();
        match outcome(&layouts(&manifest)[0]) {
            Ok(_) => accepted += 1,
            Err(codes) => codes.into_iter().for_each(|code| *refused.entry(code).or_default() += 1),
        }
    }
    assert!((40..360).contains(&accepted), "{accepted} of 400 were accepted; the others: {refused:?}");
}
