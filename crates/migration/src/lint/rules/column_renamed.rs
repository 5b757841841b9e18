//! A column gets another name, and the program of before asks for it by the old one.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "column-renamed",
    severity: Severity::Error,
    kinds: ALL,
    harm: Harm::BreaksServing,
    why: "The program of before knows only the old name, the new program only the new one; there is no moment at which both work.",
    safe: "add a column of the new name, have the program write both and copy what is there, then read the new one, and drop the old one \
           with a later deployment",
    example: Example::up("ALTER TABLE account RENAME COLUMN name TO full_name;"),
    near_miss: Example::up("ALTER TABLE account RENAME CONSTRAINT account_age_check TO account_age_is_positive;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.up(|step, change| match change {
        Change::RenameColumn { table, column, to } if step.before.is_used_column(table, column) => {
            Some(format!("the column `{column}` of `{table}` becomes `{to}` while a program that may ask for `{column}` serves"))
        }
        _ => None,
    })
}
