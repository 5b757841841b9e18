//! `UPDATE` or `DELETE` of all rows.

use plimsoll_model::finding::Severity;

use super::{ALL, Example, Harm, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::Change;

pub(super) const RULE: Rule = Rule {
    id: "unbounded-write",
    severity: Severity::Error,
    kinds: ALL,
    harm: Harm::LosesRows,
    why: "What was in the rows is gone, and nothing but a backup brings it back. Who wants to write one of them waits until the transaction ends.",
    safe: "say with WHERE which rows are meant, and take many of them in batches; where all are meant, accept this finding and say why",
    example: Example::up("DELETE FROM payment;"),
    near_miss: Example::up("DELETE FROM payment WHERE amount < 0;"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::Delete { table, all: true } if step.before.is_used(table) => Some(format!("all rows of `{table}` are deleted")),
        Change::Update { table, columns, all: true } => {
            let used = columns.iter().find(|column| step.before.is_used_column(table, column))?;
            Some(format!("the values of `{used}` are replaced in all rows of `{table}`"))
        }
        _ => None,
    })
}
