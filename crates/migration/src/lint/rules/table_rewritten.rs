//! A column that gives each row a value of its own, so that all rows are written anew.

use plimsoll_model::finding::Severity;

use super::{Example, Harm, POSTGRES, Rule};
use crate::lint::case::{Case, Hit};
use crate::lint::change::{Change, Column};
use crate::lint::volatile::volatile_call;

pub(super) const RULE: Rule = Rule {
    id: "table-rewritten",
    severity: Severity::Warning,
    kinds: POSTGRES,
    harm: Harm::Rewrites,
    why: "A default that differs from row to row, a number in a row or a stored expression is computed for each row, so the whole table is written \
          anew while nobody may read it.",
    safe: "add the column without it, set the default in a statement of its own (it then holds for new rows), and fill the rows that are \
           there in small batches",
    example: Example::up("ALTER TABLE account ADD COLUMN token uuid DEFAULT gen_random_uuid();"),
    near_miss: Example::up("ALTER TABLE account ADD COLUMN token uuid;\nALTER TABLE account ALTER COLUMN token SET DEFAULT gen_random_uuid();"),
    judge,
};

fn judge(case: &Case<'_>) -> Vec<Hit> {
    case.both(|step, change| match change {
        Change::AddColumn { table, column } if step.before.is_used(table) => {
            let why = reason(case, column)?;
            Some(format!("all of `{table}` is written anew while nobody may read it, as `{}` {why}", column.name))
        }
        _ => None,
    })
}

fn reason(case: &Case<'_>, column: &Column) -> Option<String> {
    if column.stored {
        return Some("is computed for each row".into());
    }
    let call = volatile_call(case.kind, column.default.as_deref()?)?;
    Some(format!("may get another value from `{call}` in each row"))
}
