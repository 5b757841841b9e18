//! A table or a view goes that the program of before still asks for.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit, Step};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "table-dropped",
    severity: Severity::Error,
    kinds: ALL,
    harm: Harm::BreaksServing,
    why: "The program of before serves until the switch, and again after a rollback. Each of its statements that names the table fails, \
          and the rows are gone.",
    safe: "deploy a program first that does not use the table any more; drop it with a deployment after that one, and accept this finding there",
    example: Example::up("DROP TABLE payment;"),
    near_miss: Example::up("CREATE TABLE scratch (id bigint PRIMARY KEY);\nDROP TABLE scratch;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.up(|step, change| match change {
        Change::DropTable { table: name } | Change::DropView { name } if step.before.is_used(name) => message(case, step, name),
        _ => None,
    })
}

fn message(case: &Case<'_>, step: &Step, table: &str) -> Option<String> {
    let Some(successor) = case.successor(table, step) else {
        return Some(format!("`{table}` is dropped while a program that may ask for it serves"));
    };
    if let Some(lacks) = successor.lacks.first() {
        return Some(format!("what takes the place of `{table}` has no column `{lacks}`, and a program that may ask for it serves"));
    }
    let demands = successor.demands.first()?;
    Some(format!("what takes the place of `{table}` must have a value in `{demands}`, and a program that does not know it serves"))
}
