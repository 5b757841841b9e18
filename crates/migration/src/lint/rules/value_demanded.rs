//! A column for which the program of before gives no value, and that must have one.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, Rule, SERVERS};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "value-demanded",
    severity: Severity::Error,
    kinds: SERVERS,
    harm: Harm::BreaksServing,
    why: "The program of before serves until the switch, and again after a rollback. It does not know the column, so that the rows it writes have \
          a value there only by a default. Without one each of them is refused.",
    safe: "leave the default, or leave the column without NOT NULL, until no program that does not know it can serve any more; demand the \
           value with a later deployment",
    example: Example::up(
        "ALTER TABLE account ADD COLUMN country varchar(2) NOT NULL DEFAULT 'de';\nALTER TABLE account ALTER COLUMN country DROP DEFAULT;",
    ),
    near_miss: Example::up(
        "ALTER TABLE account ADD COLUMN country varchar(2) NOT NULL DEFAULT 'de';\nALTER TABLE account ALTER COLUMN country SET DEFAULT 'at';",
    ),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.up(|step, change| {
        let (table, column, is_demanded) = match change {
            Change::DropDefault { table, column } => (table, column, step.just_before(change).counts_on_default(table, column)),
            Change::SetNotNull { table, column } => (table, column, step.just_before(change).is_left_empty(table, column)),
            Change::AddConstraint { table, constraint } => {
                let column = constraint.not_null.as_ref()?;
                (table, column, step.just_before(change).is_left_empty(table, column))
            }
            _ => return None,
        };
        is_demanded.then(|| message(table, column))
    })
}

fn message(table: &str, column: &str) -> String {
    format!("rows of `{table}` must have a value in `{column}`, and a program that may write some without it serves")
}
