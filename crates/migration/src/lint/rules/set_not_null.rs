//! A column that must have a value from now on, for which all rows are read while nobody else may.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "set-not-null",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::BlocksReaders,
    why: "All rows are read to see that none is without a value, and nobody may read or write meanwhile.",
    safe: "first `ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID`, in a later migration `VALIDATE CONSTRAINT …`; with that PostgreSQL knows \
           that there is a value, and SET NOT NULL reads no row",
    example: Example::up("ALTER TABLE account ALTER COLUMN name SET NOT NULL;"),
    near_miss: Example::after(
        "ALTER TABLE account ADD CONSTRAINT account_name_there CHECK (name IS NOT NULL) NOT VALID;
ALTER TABLE account VALIDATE CONSTRAINT account_name_there;",
        "ALTER TABLE account ALTER COLUMN name SET NOT NULL;",
    ),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::SetNotNull { table, column } if step.before.is_used(table) && !step.before.is_known_not_null(table, column) => {
            Some(format!("all rows of `{table}` are read for a value in `{column}` while nobody else may read them"))
        }
        _ => None,
    })
}
