//! A column that must have a value, where rows have none.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "not-null-without-default",
    severity: Severity::Error,
    kinds: ALL,
    harm: Harm::Fails,
    why: "The rows that are there would have no value, so PostgreSQL and SQLite refuse it as soon as there is one. MySQL makes up a value, and \
          then refuses rows of the program of before, which does not know the column.",
    safe: "add it with a DEFAULT, which costs nothing when it is the same for all rows; or without NOT NULL, and demand a value later",
    example: Example::up("ALTER TABLE account ADD COLUMN country varchar(2) NOT NULL;"),
    near_miss: Example::up("ALTER TABLE account ADD COLUMN country varchar(2) NOT NULL DEFAULT 'de';"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::AddColumn { table, column } if column.not_null && column.default.is_none() && !column.computed && step.before.is_used(table) => {
            Some(format!("the rows of `{table}` get a column `{}` that must have a value, and are given none", column.name))
        }
        _ => None,
    })
}
