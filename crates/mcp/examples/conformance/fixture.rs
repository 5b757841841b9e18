//! The things that the suite asks for by name: data, as far as they can be.

use std::sync::LazyLock;

use rmcp::ErrorData;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

static ALL: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("fixture.json")).expect("the fixture is JSON"));

/// A part of it, as the protocol writes it.
pub fn part<T: DeserializeOwned>(name: &str) -> T {
    read(ALL[name].clone())
}

/// What a part has under a name, if it has something there.
pub fn named(part: &str, name: &str) -> Option<&'static Value> {
    ALL[part].get(name)
}

/// Makes something of what is written there.
pub fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the fixture is as the protocol wants it")
}

/// The same with each `{/pointer}` replaced by what is found there in `given`.
pub fn filled(template: &Value, given: &Value) -> Value {
    match template {
        Value::String(text) => Value::String(fill(text, given)),
        Value::Array(items) => items.iter().map(|item| filled(item, given)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), filled(value, given))).collect::<Map<_, _>>().into(),
        other => other.clone(),
    }
}

fn fill(text: &str, given: &Value) -> String {
    let Some((before, rest)) = text.split_once("{/") else { return text.to_owned() };
    let Some((pointer, after)) = rest.split_once('}') else { return text.to_owned() };
    let found = given.pointer(&format!("/{pointer}")).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    format!("{before}{}{}", found.unwrap_or_default(), fill(after, given))
}

/// That there is no such thing.
pub fn unknown(what: &str, name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("there is no {what} {name}"), Some(serde_json::json!({ "uri": name })))
}
