//! A column goes that the program of before still asks for.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "column-dropped",
    severity: Severity::Error,
    kinds: ALL,
    harm: Harm::BreaksServing,
    why: "The program of before serves until the switch, and again after a rollback. Each of its statements that names the column fails.",
    safe: "deploy a program first that does not name the column any more; drop it with a deployment after that one, and accept this finding there",
    example: Example::up("ALTER TABLE account DROP COLUMN name;"),
    near_miss: Example::up("ALTER TABLE account DROP CONSTRAINT account_age_check;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.up(|step, change| match change {
        Change::DropColumn { table, column } if step.before.is_used_column(table, column) => {
            Some(format!("the column `{column}` of `{table}` is dropped while a program that may ask for it serves"))
        }
        _ => None,
    })
}
