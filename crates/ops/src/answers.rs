//! What operations answer, as JSON Schemas: a public contract.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The schema of a type, as it is written into answers.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

macro_rules! outputs {
    ($($operation:ident)*) => {
        /// Each operation, with the schema of its output.
        const OUTPUTS: &[(&str, fn() -> Schema)] = &[$((stringify!($operation), schema_of::<crate::$operation::Output>)),*];
    };
}

outputs! {
    approvals approve audit_export audit_list audit_verify backup_copies backup_copy backup_create backup_fetch backup_list backup_prune backup_restore backup_verify
    certs_check certs_list certs_renew check deploy down history host_add host_doctor host_facts host_keys_rotate host_provision host_remove host_stop
    host_upgrade init logs mcp_install migrate_check migrate_down migrate_new migrate_redo migrate_status migrate_up plan resume rollback schema secrets_edit
    secrets_list secrets_rekey secrets_set secrets_unset show simulate snapshot_create snapshot_list snapshot_restore snapshot_show status
    token_create token_list token_revoke
}

/// The schema of the documents that an operation answers with: of one that went well, the details are its output. None when there is no such
/// operation.
pub(crate) fn of(operation: &str) -> Option<Value> {
    let (_, output) = OUTPUTS.iter().find(|(name, _)| *name == operation)?;
    let mut output = output().to_value();
    let parts = output.as_object_mut()?;
    let (dialect, definitions) = (parts.remove("$schema"), parts.remove("$defs"));
    Some(json!({
        "$schema": dialect,
        "title": operation,
        "type": "object",
        "properties": {
            "success": { "type": "boolean", "description": "Whether it did what it was asked." },
            "code": { "type": "string", "description": "Stable name of how it ended." },
            "details": { "type": "object", "description": "What it has to say; of a failure, `message` says why." },
            "help": { "type": ["string", "null"], "description": "What to do next." },
        },
        "required": ["success", "code", "details", "help"],
        "if": { "properties": { "success": { "const": true } } },
        "then": { "properties": { "details": output } },
        "$defs": definitions.unwrap_or_else(|| json!({})),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OPERATIONS;

    #[test]
    fn every_operation_says_what_it_answers() {
        assert_eq!(OUTPUTS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), OPERATIONS);
        for operation in OPERATIONS {
            let schema = of(operation).unwrap();
            let text = schema.to_string();
            for (at, _) in text.match_indices("\"#/$defs/") {
                let name = text[at + 9..].split('"').next().unwrap();
                assert!(schema["$defs"].get(name).is_some(), "{operation}: {name}");
            }
        }
        assert_eq!(of("nonsense"), None);
    }
}
