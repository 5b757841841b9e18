//! The published JSON Schema of the manifest, made from the table of keys.

use serde_json::{Map, Value, json};

use super::keys;
use super::quantity::{SIZE_PATTERN, TIME_PATTERN};
use super::rules::Rule;
use super::shape::{Key, Shape, Table};

/// The JSON Schema (draft 2020-12) that editors complete and check manifests with.
///
/// What it cannot express (unknown dependencies, routes in conflict, names of environments) only [`judge`](super::judge) finds.
#[must_use]
pub fn schema() -> Value {
    let mut schema = object(&keys::MANIFEST);
    let definitions: Map<String, Value> = keys::TABLES[1..].iter().map(|table| (table.name.to_owned(), Value::Object(object(table)))).collect();
    schema.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".into(), json!("plimsoll.toml"));
    schema.insert("$defs".into(), Value::Object(definitions));
    schema["$defs"]["overrides"] = Value::Object(overrides(&keys::COMPONENT));
    Value::Object(schema)
}

fn object(table: &Table) -> Map<String, Value> {
    let required: Vec<&str> = table.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut object = properties(table.doc, table.keys.iter().filter(|key| key.available()));
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    if !table.one_of.is_empty() {
        object.insert("oneOf".into(), table.one_of.iter().map(|keys| json!({ "required": keys })).collect());
    }
    object
}

fn overrides(table: &Table) -> Map<String, Value> {
    properties("What is different in an environment.", table.keys.iter().filter(|key| key.available() && !key.fixed))
}

fn properties<'k>(doc: &str, keys: impl Iterator<Item = &'k Key>) -> Map<String, Value> {
    let properties: Map<String, Value> = keys.map(|key| (key.name.to_owned(), property(key))).collect();
    let mut object = Map::new();
    object.insert("type".into(), json!("object"));
    object.insert("description".into(), json!(doc));
    object.insert("properties".into(), Value::Object(properties));
    object.insert("additionalProperties".into(), json!(false));
    object
}

fn property(key: &Key) -> Value {
    let mut property = shaped(&key.shape);
    property.insert("description".into(), json!(key.doc));
    property.insert("examples".into(), json!([toml_value(key.example)]));
    if let Some(default) = key.default {
        property.insert("default".into(), toml_value(default));
    }
    Value::Object(property)
}

fn shaped(shape: &Shape) -> Map<String, Value> {
    let shape = match shape {
        Shape::Text(rule) => text(rule),
        Shape::Choice(choices) => json!({ "enum": choices.iter().filter(|choice| choice.available).map(|choice| choice.word).collect::<Vec<_>>() }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Count { min, max, .. } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Duration { .. } => json!({ "type": "string", "pattern": TIME_PATTERN }),
        Shape::Size => json!({ "type": "string", "pattern": SIZE_PATTERN }),
        Shape::Scalar => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Path => json!({ "type": "string", "maxLength": 4096 }),
        Shape::List(of) => json!({ "type": "array", "items": shaped(of) }),
        Shape::Map(rule, of) => json!({ "type": "object", "propertyNames": { "pattern": rule.pattern }, "additionalProperties": shaped(of) }),
        Shape::Table(table) => json!({ "$ref": format!("#/$defs/{}", table.name) }),
        Shape::Overrides(_) => json!({ "$ref": "#/$defs/overrides" }),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(shaped).collect::<Vec<_>>() }),
        Shape::NotYet(_) => json!(false),
    };
    if let Value::Object(shape) = shape { shape } else { Map::new() }
}

fn text(rule: &Rule) -> Value {
    json!({ "type": "string", "pattern": rule.pattern })
}

/// A value written as TOML in the table of keys.
fn toml_value(text: &str) -> Value {
    let table: toml::Table = toml::from_str(&format!("x = {text}")).expect("a test reads every example and default");
    serde_json::to_value(&table["x"]).expect("strings, numbers, lists and tables of them have a JSON form")
}
