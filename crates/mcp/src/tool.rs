//! What a tool is, and how it describes itself to agents.

use std::pin::Pin;
use std::sync::Arc;

use plimsoll_ops::{Answer, Exit, OpError, call_name, schema_of};
use rmcp::model::{JsonObject, ToolAnnotations};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::call::Call;

/// The argument that names a call.
const KEY: &str = "idempotency_key";

/// What a tool answers in the end.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<Answer, OpError>>>>;

/// A tool: an operation as agents call it.
#[derive(Clone, Copy)]
pub(crate) struct Tool {
    /// Its name: a verb, and what it is done to.
    pub(crate) name: &'static str,
    /// What it does, when it is of use, and what comes next.
    description: &'static str,
    /// What becomes of the world.
    pub(crate) effect: Effect,
    /// What it takes.
    input: fn() -> Schema,
    /// What the details of its answer are.
    output: fn() -> Schema,
    /// Does it.
    pub(crate) run: fn(Call) -> Running,
}

/// What becomes of the world when a tool is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing.
    Looks,
    /// Something is there that was not, and all else is as it was.
    Adds,
    /// What is there becomes something else. Called again with the same plan, it has no other effect.
    Changes,
}

impl Effect {
    fn annotations(self) -> ToolAnnotations {
        ToolAnnotations::new()
            .read_only(self == Self::Looks)
            .destructive(self == Self::Changes)
            .idempotent(self != Self::Adds)
            // A project's own hosts are all that it reaches.
            .open_world(false)
    }
}

impl Tool {
    /// A tool that takes `A`, and whose answers have `O` as their details.
    pub(crate) const fn new<A: JsonSchema, O: JsonSchema>(
        name: &'static str,
        description: &'static str,
        effect: Effect,
        run: fn(Call) -> Running,
    ) -> Self {
        Self { name, description, effect, input: arguments_of::<A>, output: schema_of::<O>, run }
    }

    /// How often it may be called within a minute.
    pub(crate) fn limit(&self) -> usize {
        if self.effect == Effect::Looks { 120 } else { 20 }
    }

    /// Whether a call of it can have a name, so that it has one effect however often it is made.
    fn takes_key(&self) -> bool {
        self.effect != Effect::Looks
    }

    /// The name that a call was given. It is no argument of the tool's own.
    pub(crate) fn take_key(&self, arguments: &mut JsonObject) -> Result<Option<String>, OpError> {
        let key = if self.takes_key() { arguments.remove(KEY) } else { None };
        match key {
            None | Some(Value::Null) => Ok(None),
            Some(key) => {
                let unfit = |why| OpError::new(Exit::Usage, "arguments-unfit", format!("{KEY}: {why}"));
                call_name(key.as_str().unwrap_or_default()).map(Some).map_err(unfit)
            }
        }
    }

    /// What a list of tools says of it.
    pub(crate) fn described(&self) -> rmcp::model::Tool {
        rmcp::model::Tool::new(self.name, self.description, Arc::new(input((self.input)(), self.takes_key())))
            .with_raw_output_schema(Arc::new(answer((self.output)())))
            .with_annotations(self.effect.annotations())
    }
}

/// The schema of arguments, in one piece.
fn arguments_of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>()
}

/// Arguments, as tersely as they can be told: every byte of it is read by every agent.
fn input(schema: Schema, takes_key: bool) -> JsonObject {
    let mut schema = object(schema.to_value());
    // Which ones it does not know says the tool itself.
    for name in ["title", "description", "additionalProperties"] {
        schema.remove(name);
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(shorten);
        if takes_key {
            properties.insert(KEY.into(), json!({ "type": "string" }));
        }
    }
    schema
}

/// Takes away what says nothing to who gives an argument: that one may be left out is told by `required`.
fn shorten(property: &mut Value) {
    let Value::Object(property) = property else { return };
    for name in ["default", "format", "minimum", "pattern"] {
        property.remove(name);
    }
    if let Some(Value::Array(types)) = property.get("type")
        && let [one, Value::String(null)] = types.as_slice()
        && null == "null"
    {
        let one = one.clone();
        property.insert("type".into(), one);
    }
}

/// Answers: the document that ends every command that was given `--json`. Of its details, the names of the fields, and the types of those that
/// are always there.
fn answer(details: Schema) -> JsonObject {
    let details = object(details.to_value());
    let fields = details.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let fields: Map<String, Value> = fields.into_iter().map(|(name, field)| (name, type_alone(&field, &details))).collect();
    object(json!({
        "type": "object",
        "properties": {
            "success": { "type": "boolean" },
            "code": { "type": "string" },
            "details": { "type": "object", "properties": fields },
            "help": {},
        },
        "required": ["success", "code", "details"],
    }))
}

/// The type of a field, of which there may be a definition in the schema that it comes from.
fn type_alone(field: &Value, schema: &JsonObject) -> Value {
    let definition = || schema.get("$defs")?.get(field.get("$ref")?.as_str()?.strip_prefix("#/$defs/")?)?.get("type");
    field.get("type").or_else(definition).filter(|kind| kind.is_string()).map_or_else(|| json!({}), |kind| json!({ "type": kind }))
}

fn object(value: Value) -> JsonObject {
    if let Value::Object(object) = value { object } else { JsonObject::new() }
}

#[cfg(test)]
mod tests {
    use crate::tools::ALL;

    use super::*;

    /// How many bytes one tool may take on average, in a list of tools.
    const BYTES: usize = 750;

    /// How many all of them may take: 7,000 tokens of four bytes.
    const ALL_BYTES: usize = 28_000;

    #[test]
    fn tools_describe_themselves_in_few_words() {
        let described: Vec<Value> = ALL.iter().map(|tool| serde_json::to_value(tool.described()).unwrap()).collect();
        let bytes: usize = described.iter().map(|tool| tool.to_string().len()).sum();
        assert!(bytes <= ALL_BYTES && bytes / ALL.len() <= BYTES, "{bytes} bytes, {} a tool", bytes / ALL.len());
        for tool in &described {
            let hints = tool["annotations"].as_object().unwrap();
            let all = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
            assert!(all.iter().all(|hint| hints[*hint].is_boolean()), "{tool:#}");
            assert!(tool["outputSchema"]["properties"]["details"]["properties"].as_object().is_some_and(|fields| !fields.is_empty()), "{tool:#}");
        }
        insta::assert_json_snapshot!("tools", described);
    }

    #[test]
    fn names_of_tools_are_those_of_their_files() {
        let listed = include_str!("tools/mod.rs");
        for tool in ALL {
            assert!(listed.contains(&format!("    {}::TOOL,\n", tool.name)), "{}", tool.name);
        }
    }
}
