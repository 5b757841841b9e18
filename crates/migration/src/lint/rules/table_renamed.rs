//! A table gets another name, and the program of before asks for it by the old one.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "table-renamed",
    severity: Severity::Error,
    kinds: ALL,
    harm: Harm::BreaksServing,
    why: "The program of before knows only the old name, the new program only the new one.",
    safe: "leave a view of the old name in the same transaction (`CREATE VIEW old AS SELECT * FROM new;`), and drop it with a later deployment",
    example: Example::up("ALTER TABLE account RENAME TO client;"),
    near_miss: Example::up("ALTER TABLE account RENAME TO client;\nCREATE VIEW account AS SELECT * FROM client;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.up(|step, change| match change {
        Change::RenameTable { table, to } if step.before.is_used(table) && case.successor(table, step).is_none() => {
            Some(format!("`{table}` becomes `{to}` while a program that may ask for `{table}` serves"))
        }
        _ => None,
    })
}
