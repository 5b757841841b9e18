//! Whether an expression gives each row a value of its own.

use plimsoll_model::database::DatabaseKind;

use crate::sql::{TokenKind, tokens};

/// Functions that give the same value for all rows of a statement. What is not among them may not: a function is volatile unless it says otherwise.
const STEADY: &[&str] = &[
    "array",
    "cast",
    "coalesce",
    "concat",
    "current_date",
    "current_schema",
    "current_setting",
    "current_timestamp",
    "current_user",
    "date_trunc",
    "decode",
    "encode",
    "int4range",
    "int8range",
    "json_build_array",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "localtime",
    "localtimestamp",
    "lower",
    "make_date",
    "make_interval",
    "make_timestamptz",
    "md5",
    "now",
    "nullif",
    "repeat",
    "row",
    "statement_timestamp",
    "substring",
    "timezone",
    "to_jsonb",
    "to_tsvector",
    "transaction_timestamp",
    "upper",
];

/// The first function in `expression` that may give each row a value of its own.
pub(crate) fn volatile_call(kind: DatabaseKind, expression: &str) -> Option<String> {
    let tokens = tokens(kind, expression);
    let calls = tokens.windows(2).filter(|pair| pair[0].kind == TokenKind::Word && expression[pair[1].start..].starts_with('('));
    let mut names = calls.map(|pair| expression[pair[0].start..pair[0].end].to_lowercase());
    names.find(|name| !STEADY.contains(&name.as_str()) && !is_type(name))
}

/// `varchar(10)` is no call.
fn is_type(name: &str) -> bool {
    matches!(name, "char" | "character" | "varchar" | "varying" | "numeric" | "decimal" | "timestamp" | "timestamptz" | "time" | "interval" | "bit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_unless_it_is_known_to_be_steady() {
        let cases = [
            ("0", None),
            ("now() + interval '1 day'", None),
            ("CAST('x(' AS varchar(10))", None),
            ("gen_random_uuid()", Some("gen_random_uuid")),
            ("lower(Random()::text)", Some("random")),
            ("nextval('numbers')", Some("nextval")),
            ("our_own(1)", Some("our_own")),
        ];
        for (expression, expected) in cases {
            assert_eq!(volatile_call(DatabaseKind::Postgres, expression).as_deref(), expected, "{expression}");
        }
    }
}
